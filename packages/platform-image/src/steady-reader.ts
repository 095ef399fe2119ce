import {
  type BlockReader,
  type ByteRange,
  type Call,
  type Extent,
  type LocatedRange,
  SendenseError,
} from '@sendense/core';
import type { OpenedImage } from './opened-image.ts';

/** The error for an image that did not stay as it was. */
export function instantLost(path: string, cause?: unknown): SendenseError {
  return new SendenseError('INSTANT_LOST', `${path} changed while it was read`, {
    operation: 'read-image',
    cause,
    context: { path },
    remedy:
      'stop what writes to the image, or back the machine up while it runs through the qemu or libvirt source',
  });
}

/**
 * Reads `opened`. A failure is `INSTANT_LOST` when the image changed: what looks damaged was then a table
 * that somebody rewrote.
 */
export function steadyReader(opened: OpenedImage): BlockReader {
  const { image, watch } = opened;
  const explain = async (error: unknown): Promise<unknown> => {
    if (SendenseError.is(error, 'ABORTED') || SendenseError.is(error, 'NOT_OPEN')) return error;
    const changed = await watch.changedFile();
    return changed === undefined ? error : instantLost(changed, error);
  };
  async function* steadily<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* items;
    } catch (error) {
      throw await explain(error);
    }
  }
  return {
    sizeBytes: image.sizeBytes,
    limits: image.limits,
    read: async (offset: number, into: Uint8Array, call?: Call) => {
      try {
        await image.read(offset, into, call);
      } catch (error) {
        throw await explain(error);
      }
    },
    extents: (range: ByteRange, call?: Call): AsyncIterable<Extent> => steadily(image.extents(range, call)),
    locate: (range: ByteRange, call?: Call): AsyncIterable<LocatedRange> =>
      steadily(image.locate(range, call)),
    [Symbol.asyncDispose]: () => opened.close(),
  };
}
