import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { isZeroBytes } from '@sendense/core';
import { GRAIN_BYTES } from './constants.ts';

const deflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflate);

/** How many grains are compressed at once: two for each thread that Node compresses with. */
export const GRAINS_AT_ONCE = 8;

/** A grain as it is stored, or `undefined` for one of zeros, which is not. A short last grain is filled up with zeros. */
export async function deflateGrain(data: Uint8Array): Promise<Uint8Array | undefined> {
  if (isZeroBytes(data)) return undefined;
  if (data.byteLength === GRAIN_BYTES) return await deflate(data, { memLevel: 9 });
  const whole = new Uint8Array(GRAIN_BYTES);
  whole.set(data);
  return await deflate(whole, { memLevel: 9 });
}
