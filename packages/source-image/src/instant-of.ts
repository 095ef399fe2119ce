import { type CaptureRequest, type InstantId, instantId, uuidV5 } from '@sendense/core';
import { type OpenedImage, restingMark } from '@sendense/platform-image';
import type { SourceContext } from './context.ts';

/** Namespace of instants that a repeated capture finds again; constant for ever, or a run would not go on with its point. */
const INSTANT_NAMESPACE = '0d0f7f5e-6c9b-4f0e-9f57-3a1c2b7de84d';

/**
 * The instant of images at rest: the same for a capture that is repeated under its id while nobody wrote to them, so that the
 * run of before can be gone on with. A new one where that cannot be told.
 */
export async function instantOf(
  context: SourceContext,
  { id }: Pick<CaptureRequest, 'id'>,
  disks: readonly OpenedImage[],
): Promise<InstantId> {
  const mark = await restingMark(context, disks);
  return instantId(mark === undefined ? context.random.uuid() : uuidV5(INSTANT_NAMESPACE, `${id}\n${mark}`));
}
