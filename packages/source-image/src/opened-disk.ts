import { setTimeout as delay } from 'node:timers/promises';
import { type DiskId, type DiskSlot, SendenseError } from '@sendense/core';
import { type DiskImage, openDiskImage } from '@sendense/formats';
import type { ImageUse } from '@sendense/plugin-kit/files';
import type { SourceContext } from './context.ts';
import { diskIdsOf } from './disk-id.ts';
import type { FoundImages } from './find-images.ts';
import { ImageWatch } from './image-watch.ts';

/** An image open for reading, and watched from before its first byte was read. */
export type OpenedDisk = {
  readonly id: DiskId;
  readonly slot: DiskSlot;
  /** Real path of the image. */
  readonly path: string;
  readonly image: DiskImage;
  readonly watch: ImageWatch;
  readonly use: ImageUse | undefined;
  close(): Promise<void>;
};

/** Times of writes advance in steps of up to 10 ms (a kernel tick): a younger file may be written again unseen. */
const TICK_MS = 20;

/** Waits until the last write is older than a tick, so that any later one shows in the time. */
async function settle({ fileSystem, clock }: SourceContext, path: string): Promise<void> {
  const status = await fileSystem.stat(path);
  if (status === undefined) return;
  const age = clock.now().getTime() - status.modifiedMs;
  if (age >= 0 && age < TICK_MS) await delay(TICK_MS);
}

async function useOf({ fileSystem, imageLocks }: SourceContext, path: string): Promise<ImageUse | undefined> {
  const status = await fileSystem.stat(path);
  return status === undefined ? undefined : await imageLocks(status);
}

function inUse(path: string): SendenseError {
  return new SendenseError('LOCKED', `${path} is open for writing in a running program (QEMU locks it)`, {
    operation: 'open-image',
    remedy: 'stop the machine first, or back it up while it runs through the qemu or libvirt source',
    context: { path },
  });
}

/** Endings that promise a header. A disk that lost it would otherwise be backed up as a raw disk of its own table bytes. */
const NAMED_FORMAT = /\.(qcow2?|vmdk|vhdx?|vdi)$/i;

async function refuseMissingHeader(path: string, image: DiskImage): Promise<void> {
  const [, ending] = NAMED_FORMAT.exec(path) ?? [];
  if (ending === undefined || image.info.format !== 'raw') return;
  await image[Symbol.asyncDispose]();
  throw new SendenseError(
    'FORMAT_INVALID',
    `${path} is named .${ending} but has no header that is read here`,
    {
      operation: 'open-image',
      remedy: 'check the image with its own tools; if it is a raw disk, give the format raw or rename it',
      context: { path },
    },
  );
}

type Place = { readonly id: DiskId; readonly path: string; readonly unit: number };

async function openDisk(context: SourceContext, { id, path, unit }: Place): Promise<OpenedDisk> {
  const { options } = context;
  const use = await useOf(context, path);
  if (use?.written === true) throw inUse(path);
  await settle(context, path);
  const watch = new ImageWatch(context.fileSystem);
  try {
    const image = await openDiskImage(path, {
      fileSystem: watch.fileSystem,
      drivers: context.drivers,
      ...(options.format === undefined ? {} : { format: options.format }),
      ...(options.parents === undefined ? {} : { parents: options.parents }),
    });
    if (options.format === undefined) await refuseMissingHeader(path, image);
    const slot = { bus: 'unknown', controller: 0, unit, ...(unit === 0 ? { bootOrder: 1 } : {}) } as const;
    const close = async () => {
      watch.close();
      await image[Symbol.asyncDispose]();
    };
    return { id, slot, path, image, watch, use, close };
  } catch (error) {
    watch.close();
    throw error;
  }
}

/** Closes disks; a failure to close one is told after the others are closed. */
export async function closeDisks(disks: readonly OpenedDisk[]): Promise<void> {
  const ends = await Promise.allSettled(disks.map((disk) => disk.close()));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/**
 * Opens the images in the order of their slots, leaving out `exclude`. Rejects with `LOCKED` when a running QEMU may
 * write to one; see `openDiskImage` for the rest. Nothing stays open when it rejects.
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
      if (id !== undefined && !exclude.has(id)) opened.push(await openDisk(context, { id, path, unit }));
    }
    return opened;
  } catch (error) {
    await closeDisks(opened).catch(() => undefined); // the first failure is the one to tell
    throw error;
  }
}
