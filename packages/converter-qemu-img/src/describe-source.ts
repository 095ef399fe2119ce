import { parse } from 'node:path';
import { type ConvertRequest, type DiskFormat, SendenseError } from '@sendense/core';
import { type DiskImage, openDiskImage, sectorBytesOf } from '@sendense/formats';
import type { FileSystem } from '@sendense/plugin-kit/files';
import type { CheckedOptions } from './options.ts';

/** What is known of a source before `qemu-img` sees it. */
export type DescribedSource = {
  readonly path: string;
  readonly format: DiskFormat;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  /** Paths of all files of the image, those of its backing files too. */
  readonly files: readonly string[];
};

/**
 * Looks at the source of a request with our own reader, and so at every file that `qemu-img` will open for it: their names are
 * plain paths, and they are files or block devices. Rejects with `NOT_FOUND` when it is not there, with `PERMISSION_DENIED` when it
 * names others and these are not allowed, with `FORMAT_UNSUPPORTED` for protocols, `json:` names and what `qemu-img` reads wrongly
 * or not at all; see `openDiskImage` for the rest.
 */
export async function describeSource(
  { allowOtherFiles }: CheckedOptions,
  { source: { path, format } }: ConvertRequest,
  fileSystem: FileSystem,
): Promise<DescribedSource> {
  const real = await fileSystem.realPath(path);
  const parents = allowOtherFiles ? { folders: [parse(real).root] } : 'none';
  const opening = openDiskImage(real, { fileSystem, parents, ...(format && { format }) });
  await using image = await opening.catch((error: unknown) => {
    throw nameOption(error);
  });
  refuseUnread(real, image);
  const { allFiles, sizeBytes, info } = image;
  return { path: real, format: info.format, sizeBytes, allocatedBytes: info.allocatedBytes, files: allFiles };
}

/** Our reader is told by another option than this converter. */
function nameOption(error: unknown): unknown {
  if (!SendenseError.is(error, 'PERMISSION_DENIED') || error.context.parentFolder === undefined) return error;
  return new SendenseError('PERMISSION_DENIED', error.message, {
    operation: error.operation,
    cause: error,
    remedy: 'allow other files ("allowOtherFiles") if you trust the image',
    context: error.context,
  });
}

/** `qemu-img` takes a differencing VHD for a whole disk, and opens no VHDX with a parent or with large sectors. */
function refuseUnread(path: string, image: DiskImage): void {
  const { format, backing } = image.info;
  const isChild = (format === 'vhd' || format === 'vhdx') && backing !== null;
  if (!isChild && sectorBytesOf(image) === 512) return;
  const what = isChild ? 'has a parent' : 'has sectors of 4096 bytes';
  throw new SendenseError(
    'FORMAT_UNSUPPORTED',
    `${path} ${what}, which qemu-img does not read in ${format}`,
    {
      operation: 'open-image',
      remedy: 'use the converter of @sendense/formats',
      context: { path },
    },
  );
}
