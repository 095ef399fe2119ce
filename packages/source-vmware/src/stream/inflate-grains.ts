import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { invalid } from './invalid-stream.ts';
import type { PackedGrain } from './read-grains.ts';
import type { StreamHead } from './stream-head.ts';

const inflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflate);

/** A part of a disk that is not all zeros. */
export type Grain = { readonly start: number; readonly data: Uint8Array };

/** Grains that are inflated while the next are received. */
const AT_ONCE = 4;

/** The bytes of grains, in order. Rejects with `FORMAT_INVALID` for one that does not inflate to its size. */
export async function* inflateGrains(
  grains: AsyncIterable<PackedGrain>,
  head: StreamHead,
): AsyncGenerator<Grain, void, undefined> {
  const waiting: Promise<Grain>[] = [];
  try {
    for await (const grain of grains) {
      const inflating = inflateGrain(grain, head);
      // it is awaited later; until then its failure is nobody's
      inflating.catch(() => undefined);
      waiting.push(inflating);
      const oldest = waiting.length < AT_ONCE ? undefined : waiting.shift();
      if (oldest !== undefined) yield await oldest;
    }
    for (const inflating of waiting.splice(0)) yield await inflating;
  } finally {
    await Promise.allSettled(waiting);
  }
}

/** The last grain of a disk may hold less than a grain, or bytes behind the end of the disk. */
async function inflateGrain(
  { start, packed }: PackedGrain,
  { sizeBytes, grainBytes }: StreamHead,
): Promise<Grain> {
  const needed = Math.min(grainBytes, sizeBytes - start);
  const data = await inflate(packed, { maxOutputLength: grainBytes }).catch(() => undefined);
  if (data === undefined || data.byteLength < needed) throw invalid(`the grain at ${start} is damaged`);
  return { start, data: data.subarray(0, needed) };
}
