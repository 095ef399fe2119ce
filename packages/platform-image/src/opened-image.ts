import { setTimeout as delay } from 'node:timers/promises';
import { SendenseError } from '@sendense/core';
import { type DiskImage, openDiskImage } from '@sendense/formats';
import type { ImageUse } from '@sendense/plugin-kit/files';
import type { ImageContext, ImageFile } from './image-context.ts';
import { ImageWatch } from './image-watch.ts';

/** An image open for reading, and watched from before its first byte was read. */
export type OpenedImage = {
  /** Real path of the image. */
  readonly path: string;
  readonly image: DiskImage;
  readonly watch: ImageWatch;
  /** How other programs hold it; `undefined` where that cannot be told. */
  readonly use: ImageUse | undefined;
  /** Ends the watch and closes the files. */
  close(): Promise<void>;
};

/** Times of writes advance in steps of up to 10 ms (a kernel tick): a younger file may be written again unseen. */
export const TICK_MS = 20;

/** Waits until the last write is older than a tick, so that any later one shows in the time. */
async function settle({ fileSystem, clock }: ImageContext, path: string): Promise<void> {
  const status = await fileSystem.stat(path);
  if (status === undefined) return;
  const age = clock.now().getTime() - status.modifiedMs;
  if (age >= 0 && age < TICK_MS) await delay(TICK_MS);
}

async function useOf({ fileSystem, imageLocks }: ImageContext, path: string): Promise<ImageUse | undefined> {
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

/**
 * Opens an image that nobody writes to. Rejects with `LOCKED` when a running QEMU may write to it; see `openDiskImage`
 * for the rest. Nothing stays open when it rejects.
 */
export async function openImage(context: ImageContext, file: ImageFile): Promise<OpenedImage> {
  const { path, format, parents } = file;
  const use = await useOf(context, path);
  if (use?.written === true) throw inUse(path);
  await settle(context, path);
  const watch = new ImageWatch(context.fileSystem);
  try {
    const image = await openDiskImage(path, {
      fileSystem: watch.fileSystem,
      drivers: context.drivers,
      ...(format === undefined ? {} : { format }),
      ...(parents === undefined ? {} : { parents }),
    });
    if (format === undefined) await refuseMissingHeader(path, image);
    const close = async () => {
      watch.close();
      await image[Symbol.asyncDispose]();
    };
    return { path, image, watch, use, close };
  } catch (error) {
    watch.close();
    throw error;
  }
}

/** Closes images; a failure to close one is told after the others are closed. */
export async function closeImages(images: readonly Pick<OpenedImage, 'close'>[]): Promise<void> {
  const ends = await Promise.allSettled(images.map((image) => image.close()));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
