import type { DiskId, DiskSlot } from '@sendense/core';
import { closeImages, type OpenedImage, openImage } from '@sendense/platform-image';
import { imageFile, type SourceContext } from './context.ts';
import { diskIdsOf } from './disk-id.ts';
import type { FoundImages } from './find-images.ts';

/** A disk whose image is open for reading. */
export type OpenedDisk = OpenedImage & { readonly id: DiskId; readonly slot: DiskSlot };

function slotOf(unit: number): DiskSlot {
  return { bus: 'unknown', controller: 0, unit, ...(unit === 0 ? { bootOrder: 1 } : {}) };
}

/**
 * Opens the images in the order of their slots, leaving out `exclude`. Rejects as `openImage` does; nothing stays open
 * then.
 */
export async function openDisks(
  context: SourceContext,
  found: FoundImages,
  exclude: ReadonlySet<DiskId> = new Set(),
): Promise<readonly OpenedDisk[]> {
  const ids = diskIdsOf(found.paths, context.options.machineId);
  const opened: OpenedDisk[] = [];
  try {
    for (const [unit, path] of found.paths.entries()) {
      const id = ids[unit];
      if (id === undefined || exclude.has(id)) continue;
      opened.push({ ...(await openImage(context, imageFile(context, path))), id, slot: slotOf(unit) });
    }
    return opened;
  } catch (error) {
    await closeImages(opened).catch(() => undefined); // the first failure is the one to tell
    throw error;
  }
}
