import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { isZeroBytes } from '@sendense/core';
import { GRAIN_BYTES } from './constants.ts';

const deflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflate);

/** How many grains are compressed at once: two for each thread that Node compresses with. */
export const GRAINS_AT_ONCE = 8;

/** What is looked at of a grain to see whether it can be compressed: this much of each eighth. */
const SAMPLE_BYTES = 1024;
const SAMPLES = 8;
/** Samples that shrink to more than this part of their size are of data that was compressed or encrypted before. */
const WORTHWHILE = 0.98;

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

/** Random bytes take as long to compress as others, and come out longer. */
function isWorthwhile(grain: Uint8Array): boolean {
  const sample = new Uint8Array(SAMPLES * SAMPLE_BYTES);
  const step = GRAIN_BYTES / SAMPLES;
  for (let index = 0; index < SAMPLES; index += 1)
    sample.set(grain.subarray(index * step, index * step + SAMPLE_BYTES), index * SAMPLE_BYTES);
  return zlib.deflateSync(sample, { level: 1 }).byteLength < sample.byteLength * WORTHWHILE;
}
