import type { ByteRange, Call, Extent } from '@sendense/core';
import type { DiskImage } from '@sendense/formats';
import { qcow2Of } from './our-bitmaps.ts';

/** What `bitmap` calls dirty, told apart into data and proven zeros. Rejects with `CHANGE_TRACKING_LOST`. */
export async function* changedExtents(image: DiskImage, bitmap: string, call?: Call): AsyncGenerator<Extent> {
  const dirty = qcow2Of(image)?.dirtyExtents(bitmap, call);
  if (dirty !== undefined) yield* extentsOf(image, dirty, call);
}

/** The extents of `image` in `ranges`. */
export async function* extentsOf(
  image: DiskImage,
  ranges: AsyncIterable<ByteRange>,
  call?: Call,
): AsyncGenerator<Extent> {
  for await (const range of ranges) yield* image.extents(range, call);
}
