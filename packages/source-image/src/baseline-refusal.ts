import type { SourceContext } from './context.ts';
import type { OpenedDisk } from './opened-disk.ts';
import { isOurs, qcow2Of } from './our-bitmaps.ts';

/**
 * The most baselines kept in one image: each costs the running machine memory and a little speed. A stream holds two (of
 * its newest point and of its last full) and needs room for the next: enough for three destinations of one disk.
 */
export const MAX_BASELINES = 8;

async function isWritable({ fileSystem }: SourceContext, path: string): Promise<boolean> {
  try {
    const handle = await fileSystem.open(path, 'read-write');
    await handle[Symbol.asyncDispose]();
    return true;
  } catch {
    return false;
  }
}

/** Why no dirty bitmap can be put into the image of `disk`, as a sentence; `undefined` when one can. */
export async function baselineRefusal(context: SourceContext, disk: OpenedDisk): Promise<string | undefined> {
  const { info } = disk.image;
  if (context.options.track === 'off') return 'change tracking is switched off for this source';
  const image = qcow2Of(disk.image);
  if (image === undefined) return `a ${info.format} image cannot record changes`;
  if (info.subformat === 'v2') return 'a QCOW2 image of version 2 (compat=0.10) cannot record changes';
  if (info.dirty) return 'the image was not closed cleanly; run "qemu-img check -r all" on it first';
  if (disk.use?.writesForbidden === true)
    return 'another program has the image open and forbids writes to it';
  if (image.bitmaps.filter(isOurs).length >= MAX_BASELINES) {
    return `the image holds ${MAX_BASELINES} baselines already; reconcile removes those that nothing needs`;
  }
  return (await isWritable(context, disk.path)) ? undefined : 'the image cannot be written to';
}
