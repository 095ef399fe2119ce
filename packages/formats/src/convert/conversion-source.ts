import type { Call, ConvertRequest } from '@sendense/core';
import { refuseWritten, settleWrites } from '@sendense/plugin-kit/files';
import type { DiskImage } from '../disk-image.ts';
import { openDiskImage } from '../open-disk-image.ts';
import type { ConverterContext } from './context.ts';
import { type FileMark, markOf } from './file-mark.ts';

/** Opens what is to be converted. */
export async function openSource(
  { fileSystem, options: { drivers, parents } }: ConverterContext,
  { source: { path, format } }: ConvertRequest,
): Promise<DiskImage> {
  return await openDiskImage(path, { fileSystem, drivers, parents, ...(format && { format }) });
}

/**
 * Every file of what is to be converted, as it is before it is opened to be read: one that is replaced while it is open must not be
 * taken for what was read. Their names are known only from opening them once. Rejects with `LOCKED` when QEMU may write to the image.
 */
export async function sourceFiles(context: ConverterContext, request: ConvertRequest): Promise<FileMark[]> {
  const { fileSystem, imageLocks, clock } = context;
  // Before it is opened: half of what a program writes looks like damage.
  await refuseWritten(fileSystem, imageLocks, request.source.path);
  await using source = await openSource(context, request);
  const marks: FileMark[] = [];
  for (const path of source.allFiles) {
    await settleWrites(fileSystem, clock, path);
    marks.push(await markOf(fileSystem, path));
  }
  return marks;
}

/** Bytes of the disk that have to be read. */
export async function dataBytesOf(source: DiskImage, call?: Call): Promise<number> {
  let bytes = 0;
  for await (const { length, kind } of source.extents({ offset: 0, length: source.sizeBytes }, call))
    if (kind === 'data') bytes += length;
  return bytes;
}
