import type { Finding } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { type DiskParameters, diskParameters, tableEntries } from './disk-parameters.ts';
import { readHeader, type VhdxHeader } from './file-header.ts';
import { corrupt } from './format-error.ts';
import { readMetadata } from './metadata-table.ts';
import { type Region, readRegions } from './region-table.ts';
import { ReplayedFile } from './replayed-file.ts';

/** Everything about a VHDX but its blocks. */
export type VhdxHead = {
  readonly header: VhdxHeader;
  readonly disk: DiskParameters;
  readonly table: Region;
  /** Parts of the file in which no block may lie. */
  readonly reserved: readonly Region[];
  /** The file with its log replayed, where there was something to replay. */
  readonly replayed?: ReplayedFile;
  readonly warnings: readonly Finding[];
};

/** Reads headers, log, region tables and metadata. Rejects with `FORMAT_INVALID`, `FORMAT_UNSUPPORTED` or `CORRUPT`. */
export async function readHead(handle: FileHandle): Promise<VhdxHead> {
  const { header, warnings } = await readHeader(handle);
  const { logGuid, logOffset, logBytes } = header;
  const replayed =
    logGuid === undefined ? undefined : await ReplayedFile.open(handle, { ...header, logGuid });
  const file = replayed ?? handle;
  const { regions, warnings: ofRegions } = await readRegions(file);
  const disk = diskParameters(await readMetadata(file, regions.metadata));
  if (tableEntries(disk) * 8 > regions.bat.length) throw corrupt('its block table is too small for the disk');
  return {
    header,
    disk,
    table: regions.bat,
    reserved: [regions.bat, regions.metadata, { offset: logOffset, length: logBytes }],
    ...(replayed && { replayed }),
    warnings: [...warnings, ...ofRegions, ...(replayed ? [notClosed()] : [])],
  };
}

function notClosed(): Finding {
  const message =
    'the image was not closed cleanly: the changes in its log are applied while it is read, and stay in the log';
  return { severity: 'warning', code: 'log-replayed', message };
}
