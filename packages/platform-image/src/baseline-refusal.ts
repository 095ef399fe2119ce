import type { ImageContext } from './image-context.ts';
import type { OpenedImage } from './opened-image.ts';
import { qcow2Of } from './our-bitmaps.ts';

async function isWritable({ fileSystem }: ImageContext, path: string): Promise<boolean> {
  try {
    const handle = await fileSystem.open(path, 'read-write');
    await handle[Symbol.asyncDispose]();
    return true;
  } catch {
    return false;
  }
}

/** Why no dirty bitmap can be put into `opened`, as a sentence; `undefined` when one can. */
export async function baselineRefusal(
  context: ImageContext,
  opened: OpenedImage,
): Promise<string | undefined> {
  const { info } = opened.image;
  if (qcow2Of(opened.image) === undefined) return `a ${info.format} image cannot record changes`;
  if (info.subformat === 'v2') return 'a QCOW2 image of version 2 (compat=0.10) cannot record changes';
  if (info.dirty) return 'the image was not closed cleanly; run "qemu-img check -r all" on it first';
  if (opened.use?.writesForbidden === true)
    return 'another program has the image open and forbids writes to it';
  return (await isWritable(context, opened.path)) ? undefined : 'the image cannot be written to';
}
