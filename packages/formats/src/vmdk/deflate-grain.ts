import { promisify } from 'node:util';
import { deflateSync, deflate as deflateWith, type ZlibOptions } from 'node:zlib';
import { isZeroBytes } from '@sendense/core';
import { isWorthwhile } from '../compress/is-worthwhile.ts';
import { PACKED_CHUNK } from '../compress/zlib-options.ts';
import { GRAIN_BYTES } from './constants.ts';

const deflate = promisify<Uint8Array, ZlibOptions, Buffer>(deflateWith);

/** One piece: a grain, and what zlib puts around its blocks. */
const STORED = { level: 0, memLevel: 1, chunkSize: GRAIN_BYTES + 1024 } as const;

/** A grain as it is stored, or `undefined` for one of zeros, which is not. A short last grain is filled up with zeros. */
export async function deflateGrain(data: Uint8Array): Promise<Uint8Array | undefined> {
  if (isZeroBytes(data)) return undefined;
  if (data.byteLength < GRAIN_BYTES) {
    const whole = new Uint8Array(GRAIN_BYTES);
    whole.set(data);
    return await deflate(whole, PACKED_CHUNK);
  }
  // To store a grain as it is takes less time than to hand it to a thread.
  if (!isWorthwhile(data)) return deflateSync(data, STORED);
  return await deflate(data, PACKED_CHUNK);
}
