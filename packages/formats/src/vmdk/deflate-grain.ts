import { promisify } from 'node:util';
import { deflate as deflateWith, type ZlibOptions } from 'node:zlib';
import { isZeroBytes } from '@sendense/core';
import { isWorthwhile } from '../compress/is-worthwhile.ts';
import { GRAIN_BYTES } from './constants.ts';

const deflate = promisify<Uint8Array, ZlibOptions, Buffer>(deflateWith);

/** A grain as it is stored, or `undefined` for one of zeros, which is not. A short last grain is filled up with zeros. */
export async function deflateGrain(data: Uint8Array): Promise<Uint8Array | undefined> {
  if (isZeroBytes(data)) return undefined;
  if (data.byteLength < GRAIN_BYTES) {
    const whole = new Uint8Array(GRAIN_BYTES);
    whole.set(data);
    return await deflate(whole, {});
  }
  return await deflate(data, isWorthwhile(data) ? {} : { level: 0 });
}
