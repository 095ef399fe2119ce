import type { ByteRange } from '@sendense/core';

/** A part of a range that lies in one block, from `within` on in it. */
export type BlockPart = ByteRange & { readonly block: number; readonly within: number };

/** A range of the disk, cut where blocks begin. */
export function* partsOf({ offset, length }: ByteRange, blockBytes: number): Generator<BlockPart> {
  const end = offset + length;
  for (let at = offset; at < end; ) {
    const block = Math.floor(at / blockBytes);
    const stop = Math.min(end, (block + 1) * blockBytes);
    yield { offset: at, length: stop - at, block, within: at - block * blockBytes };
    at = stop;
  }
}
