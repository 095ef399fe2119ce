import { basename } from 'node:path';
import type { DiskId, DiskSlot, Finding } from '@sendense/core';
import { closeImages, type OpenedImage, openImage } from '@sendense/platform-image';
import { imageFile, type SourceContext } from './context.ts';
import { diskIdsOf } from './disk-id.ts';
import type { FoundImages } from './find-images.ts';

/** A disk whose image is open for reading. */
export type OpenedDisk = OpenedImage & { readonly id: DiskId; readonly slot: DiskSlot };

/** The disks of a request, and what was noticed as they were opened. */
export type OpenedDisks = { readonly disks: readonly OpenedDisk[]; readonly findings: readonly Finding[] };

function slotOf(unit: number): DiskSlot {
  return { bus: 'unknown', controller: 0, unit, ...(unit === 0 ? { bootOrder: 1 } : {}) };
}

function parentOfDisk(path: string, disk: OpenedDisk): Finding {
  const message = `${basename(path)} is no disk of its own: ${basename(disk.path)} has it as parent, and is backed up`;
  return { severity: 'info', code: 'parent-of-disk', message, object: path };
}

/**
 * Leaves out, and closes, the images of a folder that another one of it is based on: the state of before a checkpoint or snapshot.
 * The newest one has the first of their slots.
 */
async function withoutParents(opened: readonly OpenedDisk[]): Promise<OpenedDisks> {
  const isBasedOn = (disk: OpenedDisk, { path }: OpenedDisk): boolean =>
    disk.path !== path && disk.image.allFiles.includes(path);
  const newest = opened.filter((disk) => !opened.some((other) => isBasedOn(other, disk)));
  const disks = newest.map((disk) => ({ disk, parents: [] as OpenedDisk[] }));
  for (const parent of opened.filter((disk) => !newest.includes(disk)))
    disks.find(({ disk }) => isBasedOn(disk, parent))?.parents.push(parent);
  await closeImages(disks.flatMap(({ parents }) => parents));
  return {
    disks: disks.map(({ disk, parents }) => {
      const units = [disk, ...parents].map(({ slot }) => slot.unit);
      return { ...disk, slot: slotOf(Math.min(...units)) };
    }),
    findings: disks.flatMap(({ disk, parents }) => parents.map(({ path }) => parentOfDisk(path, disk))),
  };
}

/**
 * Opens the images in the order of their slots, leaving out `exclude`, and in a folder those that others are based on. Rejects as
 * `openImage` does; nothing stays open then.
 */
export async function openDisks(
  context: SourceContext,
  found: FoundImages,
  exclude: ReadonlySet<DiskId> = new Set(),
): Promise<OpenedDisks> {
  const ids = diskIdsOf(found.paths, context.options.machineId);
  const opened: OpenedDisk[] = [];
  try {
    for (const [unit, path] of found.paths.entries()) {
      const id = ids[unit];
      if (id === undefined || exclude.has(id)) continue;
      opened.push({ ...(await openImage(context, imageFile(context, path))), id, slot: slotOf(unit) });
    }
    return found.folder === undefined ? { disks: opened, findings: [] } : await withoutParents(opened);
  } catch (error) {
    await closeImages(opened).catch(() => undefined); // the first failure is the one to tell
    throw error;
  }
}
