import type { Call, ConvertRequest } from '@sendense/core';
import { statusOf } from '../chain/open-chain.ts';
import type { DiskImage } from '../disk-image.ts';
import { openDiskImage } from '../open-disk-image.ts';
import type { ConverterContext } from './context.ts';
import type { ConversionJournal } from './conversion-journal.ts';

/** Opens what is to be converted. */
export async function openSource(
  { fileSystem, options: { drivers, parents } }: ConverterContext,
  { source: { path, format } }: ConvertRequest,
): Promise<DiskImage> {
  return await openDiskImage(path, { fileSystem, drivers, parents, ...(format && { format }) });
}

/**
 * Every file of what is to be converted, as it is before it is opened to be read: one that is replaced while it is open must not be
 * taken for what was read. Their names are known only from opening them once.
 */
export async function sourceFiles(
  context: ConverterContext,
  request: ConvertRequest,
): Promise<ConversionJournal['source']['files']> {
  await using source = await openSource(context, request);
  const files = [];
  for (const path of source.allFiles) {
    const { kind, identity, sizeBytes, modifiedMs } = await statusOf(path, context.fileSystem);
    files.push({ path, kind, identity, sizeBytes, modifiedMs });
  }
  return files;
}

/** Bytes of the disk that have to be read. */
export async function dataBytesOf(source: DiskImage, call?: Call): Promise<number> {
  let bytes = 0;
  for await (const { length, kind } of source.extents({ offset: 0, length: source.sizeBytes }, call))
    if (kind === 'data') bytes += length;
  return bytes;
}
