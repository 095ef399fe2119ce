import {
  type BlockReader,
  type ByteRange,
  type Call,
  type Extent,
  type LocatedRange,
  SendenseError,
} from '@sendense/core';
import { instantLost } from '@sendense/plugin-kit/files';
import type { OpenedImage } from './opened-image.ts';

async function explain({ watch }: OpenedImage, error: unknown): Promise<unknown> {
  if (SendenseError.is(error, 'ABORTED') || SendenseError.is(error, 'NOT_OPEN')) return error;
  const changed = await watch.changedFile();
  return changed === undefined ? error : instantLost(changed, error);
}

/** What is read of `opened`: a failure is `INSTANT_LOST` when the image changed. */
export async function* steadily<T>(opened: OpenedImage, items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw await explain(opened, error);
  }
}

/**
 * Reads `opened`. A failure is `INSTANT_LOST` when the image changed: what looks damaged was then a table
 * that somebody rewrote.
 */
export function steadyReader(opened: OpenedImage): BlockReader {
  const { image } = opened;
  return {
    sizeBytes: image.sizeBytes,
    limits: image.limits,
    read: async (offset: number, into: Uint8Array, call?: Call) => {
      try {
        await image.read(offset, into, call);
      } catch (error) {
        throw await explain(opened, error);
      }
    },
    extents: (range: ByteRange, call?: Call): AsyncIterable<Extent> =>
      steadily(opened, image.extents(range, call)),
    locate: (range: ByteRange, call?: Call): AsyncIterable<LocatedRange> =>
      steadily(opened, image.locate(range, call)),
    [Symbol.asyncDispose]: () => opened.close(),
  };
}
