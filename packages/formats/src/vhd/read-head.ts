import type { Finding } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { FOOTER_BYTES, HEADER_BYTES, SECTOR_BYTES } from './constants.ts';
import { diskSize } from './disk-size.ts';
import { type DynamicHeader, readDynamicHeader } from './dynamic-header.ts';
import { findFooter } from './find-footer.ts';
import type { VhdFooter } from './footer.ts';
import { corrupt, unsupported } from './format-error.ts';
import { parentNames } from './parent-names.ts';

/** Everything about a VHD but its blocks. */
export type VhdHead = {
  readonly footer: VhdFooter;
  /** Absent for a fixed disk. */
  readonly header?: DynamicHeader;
  readonly sizeBytes: number;
  /** Where the part of the file ends that can hold blocks. */
  readonly contentBytes: number;
  /** What a differencing disk calls its parent, best first. */
  readonly parentNames?: readonly string[];
  readonly warnings: readonly Finding[];
};

/** Reads footers and header of a VHD. Rejects with `FORMAT_INVALID`, `FORMAT_UNSUPPORTED` or `CORRUPT`. */
export async function readHead(handle: FileHandle): Promise<VhdHead> {
  const { footer, contentBytes, warnings } = await findFooter(handle);
  const found = [...warnings, ...savedState(footer)];
  if (footer.type === 'fixed') {
    const size = diskSize(footer, contentBytes);
    return { footer, contentBytes, sizeBytes: size.sizeBytes, warnings: [...found, ...size.warnings] };
  }
  const header = await readDynamicHeader(handle, footer.headerOffset);
  const size = diskSize(footer, header.tableEntries * header.blockBytes);
  checkTable(header, size.sizeBytes, footer.headerOffset, contentBytes);
  const head = { footer, header, contentBytes, sizeBytes: size.sizeBytes };
  if (footer.type === 'dynamic') return { ...head, warnings: [...found, ...size.warnings] };
  const parent = await parentNames(handle, header);
  return { ...head, parentNames: parent.names, warnings: [...found, ...size.warnings, ...parent.warnings] };
}

/** The table lies inside the file and on nothing else. */
function checkTable(
  header: DynamicHeader,
  sizeBytes: number,
  headerOffset: number,
  contentBytes: number,
): void {
  const { tableOffset, blockBytes } = header;
  const end = tableOffset + Math.ceil(sizeBytes / blockBytes) * 4;
  if (!(end <= contentBytes)) throw corrupt('its block allocation table lies outside the file');
  const isOnHeader = tableOffset < headerOffset + HEADER_BYTES && end > headerOffset;
  if (tableOffset < FOOTER_BYTES || isOnHeader)
    throw corrupt('its block allocation table lies on its headers');
  if (tableOffset % SECTOR_BYTES !== 0)
    throw unsupported('has a block allocation table that is on no sector boundary');
}

function savedState({ savedState: isSaved }: VhdFooter): Finding[] {
  if (!isSaved) return [];
  const message = 'the disk belongs to a machine in a saved state: what that holds in memory is not in it';
  return [{ severity: 'warning', code: 'saved-state', message }];
}
