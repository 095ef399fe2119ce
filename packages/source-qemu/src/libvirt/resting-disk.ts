import { type Call, type DiskId, diskId, SendenseError } from '@sendense/core';
import {
  BitmapChain,
  baselineRefusal,
  type ChainBitmap,
  closeImages,
  type ImageContext,
  type ImageFile,
  type OpenedImage,
  openImage,
} from '@sendense/platform-image';
import { type DomainDisk, slotOf } from '@sendense/platform-kvm/domain';
import type { HostBitmap, HostDisk } from '../host/machine-host.ts';
import { imageOf } from './read-domain.ts';

/** A disk of a domain is what its XML says, and the chain what the images say: libvirt opens it all the same. */
const PARENTS = { folders: ['/'] };

/** The image of a stopped disk, open with the images below it. */
export type RestingImage = { readonly opened: OpenedImage; readonly chain: BitmapChain } & AsyncDisposable;

/** The file of a disk; `undefined` for one that is in no file, or in a format that is not read here. */
export function restingFile({ source, format = 'raw' }: DomainDisk): ImageFile | undefined {
  if (source?.type !== 'file' || (format !== 'raw' && format !== 'qcow2')) return undefined;
  return { path: source.path, format, parents: PARENTS };
}

/** Opens `file` by its real path. Rejects as `openImage` does. */
export async function openResting(context: ImageContext, file: ImageFile): Promise<RestingImage> {
  const path = await context.fileSystem.realPath(file.path);
  const opened = await openImage(context, { ...file, path });
  try {
    const chain = await BitmapChain.open(opened, file.parents);
    const close = async () => {
      await chain[Symbol.asyncDispose]();
      await closeImages([opened]);
    };
    return { opened, chain, [Symbol.asyncDispose]: close };
  } catch (error) {
    await closeImages([opened]).catch(() => undefined); // the first failure is the one to tell
    throw error;
  }
}

/** The error for a disk that can only be read while the machine runs. */
export function notAtRest({
  label,
  format,
  images: [image = ''],
}: Pick<HostDisk, 'label' | 'format' | 'images'>): SendenseError {
  return new SendenseError(
    'UNSUPPORTED',
    `disk ${label} (${format}, ${image}) cannot be read while the machine is off`,
    {
      operation: 'begin-capture',
      remedy: 'start the machine, or leave the disk out: only raw and QCOW2 files are read at rest',
    },
  );
}

/** What `name` has recorded. A bitmap that cannot be read is as good as one that was not saved. */
async function hostBitmap(chain: BitmapChain, found: ChainBitmap, call?: Call): Promise<HostBitmap> {
  if (!found.consistent) return { ...found, dirtyBytes: undefined };
  let dirtyBytes = 0;
  try {
    for await (const { length } of chain.dirty(found.name, call)) dirtyBytes += length;
    return { ...found, dirtyBytes };
  } catch (error) {
    if (call?.signal?.aborted === true) throw error;
    return { ...found, consistent: false, dirtyBytes: undefined };
  }
}

/** The bitmaps of ours in the top image. */
async function restingBitmaps({ opened, chain }: RestingImage, call?: Call): Promise<readonly HostBitmap[]> {
  const bitmaps: HostBitmap[] = [];
  for (const name of chain.ours.get(opened.path) ?? []) {
    const found = chain.find(name);
    if (found !== undefined) bitmaps.push(await hostBitmap(chain, found, call));
  }
  return bitmaps;
}

/** What a stopped disk is, as far as its file tells; `sizeBytes` is what libvirt says of one in no file; rejects
 * with `UNSUPPORTED` when it says nothing. */
export async function restingDisk(
  context: ImageContext,
  disk: DomainDisk,
  sizeBytes: number | undefined,
  call?: Call,
): Promise<HostDisk> {
  const { target, format = 'raw', readOnly, sectorBytes, source } = disk;
  const id: DiskId = diskId(target);
  const named = { id, label: target, slot: slotOf(disk), target, format };
  const facts = { ...named, sectorBytes, readOnly, followsSnapshots: true };
  const file = restingFile(disk);
  if (file === undefined) {
    const images = [source === undefined ? '' : imageOf(source)];
    if (sizeBytes === undefined) throw notAtRest({ ...facts, images });
    const untracked = 'only raw and QCOW2 files are read while the machine is off';
    return { ...facts, sizeBytes, images, bitmaps: [], untracked };
  }
  await using resting = await openResting(context, file);
  const { opened } = resting;
  return {
    ...facts,
    sizeBytes: opened.image.sizeBytes,
    images: [opened.path, ...opened.image.files.slice(1)],
    bitmaps: await restingBitmaps(resting, call),
    untracked: readOnly ? 'the disk is read-only' : await baselineRefusal(context, opened),
  };
}
