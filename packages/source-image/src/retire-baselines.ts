import type { ChangeState } from '@sendense/core';
import { removeBaselines } from '@sendense/platform-image';
import { parseState } from './baseline-state.ts';
import { imageFile, type SourceContext } from './context.ts';
import { diskIdsOf } from './disk-id.ts';
import type { FoundImages } from './find-images.ts';

/** Removes the bitmaps that `states` name. Other bitmaps stay; images and bitmaps that are gone are no failure. */
export async function retireBaselines(
  context: SourceContext,
  found: FoundImages,
  states: readonly ChangeState[],
): Promise<void> {
  const ids = diskIdsOf(found.paths, context.options.machineId);
  for (const [index, path] of found.paths.entries()) {
    const id = ids[index] ?? '';
    const names = new Set(states.map((state) => parseState(state)?.disks[id]?.bitmap));
    if (names.size === (names.has(undefined) ? 1 : 0)) continue; // nothing of this image is retired
    await removeBaselines(context, imageFile(context, path), (name) => names.has(name));
  }
}
