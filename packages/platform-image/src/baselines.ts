import { SendenseError } from '@sendense/core';
import { probeFormat } from '@sendense/formats';
import { addBitmap, openQcow2, type Qcow2Bitmap, removeBitmap } from '@sendense/formats/qcow2';
import { editImage } from './edit-image.ts';
import type { ImageContext, ImageFile } from './image-context.ts';
import { isOurs } from './our-bitmaps.ts';

/** Guest bytes of one bit of our bitmaps. */
export const GRANULARITY_BYTES = 64 * 1024;

/** Rejects with `LOCKED` when a running program may write to the image, or relies on nobody doing so. */
async function checkUnused({ fileSystem, imageLocks }: ImageContext, path: string): Promise<void> {
  const status = await fileSystem.stat(path);
  const use = status === undefined ? undefined : await imageLocks(status);
  if (use?.written !== true && use?.writesForbidden !== true) return;
  throw new SendenseError('LOCKED', `${path} is open in a running program (QEMU locks it)`, {
    operation: 'edit-bitmaps',
    remedy: 'repeat when the machine is stopped',
    context: { path },
  });
}

/** The bitmaps of an image; none where its format, or its being gone, allows none. */
async function listBitmaps(
  { fileSystem }: ImageContext,
  { path, format, parents }: ImageFile,
): Promise<readonly Qcow2Bitmap[]> {
  if ((await fileSystem.stat(path)) === undefined) return [];
  if ((format ?? (await probeFormat(path, { fileSystem }))) !== 'qcow2') return [];
  await using image = await openQcow2(path, { fileSystem, ...(parents === undefined ? {} : { parents }) });
  return image.bitmaps;
}

/** Adds an empty bitmap. Rejects with `LOCKED` while the image is in use, `QUOTA_EXCEEDED` at `max` of ours. */
export async function addBaseline(
  context: ImageContext,
  file: ImageFile,
  { name, max }: { readonly name: string; readonly max: number },
): Promise<void> {
  const { path } = file;
  await editImage(context, path, async (fileSystem) => {
    await checkUnused(context, path);
    const ours = (await listBitmaps(context, file)).filter(isOurs);
    if (ours.length >= max) {
      throw new SendenseError('QUOTA_EXCEEDED', `${path} holds ${max} baselines already`, {
        operation: 'add-baseline',
        remedy: 'run reconcile, which removes those that nothing needs',
      });
    }
    await addBitmap(path, { name, granularityBytes: GRANULARITY_BYTES, fileSystem });
    await checkUnused(context, path);
  });
}

/**
 * Removes those of our bitmaps that `unwanted` picks; resolves with their names. Looks before it locks, so an image
 * without any is not touched. Rejects with `LOCKED` while the image is in use.
 */
export async function removeBaselines(
  context: ImageContext,
  file: ImageFile,
  unwanted: (name: string) => boolean,
): Promise<readonly string[]> {
  const { path } = file;
  const list = async () =>
    (await listBitmaps(context, file)).filter((bitmap) => isOurs(bitmap) && unwanted(bitmap.name));
  if ((await list()).length === 0) return [];
  return await editImage(context, path, async (fileSystem) => {
    await checkUnused(context, path);
    const names = (await list()).map(({ name }) => name);
    for (const name of names) await removeBitmap(path, name, { fileSystem });
    return names;
  });
}
