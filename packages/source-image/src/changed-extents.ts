import type { Call, Extent } from '@sendense/core';
import type { DiskImage } from '@sendense/formats';
import { qcow2Of } from './our-bitmaps.ts';

/** What `bitmap` calls dirty, told apart into data and proven zeros. Rejects with `CHANGE_TRACKING_LOST`. */
export async function* changedExtents(image: DiskImage, bitmap: string, call?: Call): AsyncGenerator<Extent> {
  const dirty = qcow2Of(image)?.dirtyExtents(bitmap, call);
  if (dirty === undefined) return;
  for await (const range of dirty) yield* image.extents(range, call);
}
