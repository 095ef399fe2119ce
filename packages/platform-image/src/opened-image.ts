import { SendenseError } from '@sendense/core';
import { type DiskImage, openDiskImage } from '@sendense/formats';
import { type ImageUse, refuseWritten, settleWrites } from '@sendense/plugin-kit/files';
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

/** Endings that promise a header. A disk that lost it would otherwise be backed up as a raw disk of its own table bytes. */
const NAMED_FORMAT = /\.(qcow2?|vmdk|a?vhdx?|vdi)$/i;

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
  const { fileSystem, imageLocks, clock } = context;
  const use = await refuseWritten(fileSystem, imageLocks, path);
  await settleWrites(fileSystem, clock, path);
  const watch = new ImageWatch(fileSystem);
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
