import type { Call, ConvertRequest } from '@sendense/core';
import type { DiskImage } from '../disk-image.ts';
import { openDiskImage } from '../open-disk-image.ts';
import type { ConverterContext } from './context.ts';

/** Opens what is to be converted. */
export async function openSource(
  { fileSystem, options: { drivers, parents } }: ConverterContext,
  { source: { path, format } }: ConvertRequest,
): Promise<DiskImage> {
  return await openDiskImage(path, { fileSystem, drivers, parents, ...(format && { format }) });
}

/** Bytes of the disk that have to be read. */
export async function dataBytesOf(source: DiskImage, call?: Call): Promise<number> {
  let bytes = 0;
  for await (const { length, kind } of source.extents({ offset: 0, length: source.sizeBytes }, call))
    if (kind === 'data') bytes += length;
  return bytes;
}
