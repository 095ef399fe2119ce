import type { FileHandle } from '@sendense/plugin-kit/files';
import { FILE_SIGNATURE, HEADER_OFFSETS, ITEM, KIB, REGION_OFFSETS } from './constants.ts';
import type { DiskParameters } from './disk-parameters.ts';
import { serializeHeader } from './file-header.ts';
import { guidBytes, newGuid } from './guid.ts';
import { serializeMetadata, type WrittenItem } from './metadata-table.ts';
import { serializeRegions } from './region-table.ts';
import type { VhdxLayout } from './vhdx-layout.ts';

const CREATOR = 'Sendense';

/** Writes the metadata and both region tables. */
export async function writeTables(
  handle: FileHandle,
  layout: VhdxLayout,
  disk: DiskParameters,
): Promise<void> {
  await handle.write(serializeMetadata(itemsOf(disk)), layout.metadata.offset);
  const regions = serializeRegions(layout);
  for (const position of REGION_OFFSETS) await handle.write(regions, position);
}

/** Writes what makes the file a VHDX: both headers, with an empty log, and the file type identifier. */
export async function writeHeaders(handle: FileHandle, { log }: VhdxLayout): Promise<void> {
  const [fileWriteGuid, dataWriteGuid] = [newGuid(), newGuid()];
  for (const [index, position] of HEADER_OFFSETS.entries()) {
    const header = {
      sequenceNumber: BigInt(index + 1),
      fileWriteGuid,
      dataWriteGuid,
      logOffset: log.offset,
      logBytes: log.length,
    };
    await handle.write(serializeHeader(header), position);
  }
  const identifier = new Uint8Array(4 * KIB);
  identifier.set(Buffer.from(FILE_SIGNATURE, 'latin1'));
  identifier.set(Buffer.from(CREATOR, 'utf16le'), FILE_SIGNATURE.length);
  await handle.write(identifier, 0);
}

function itemsOf({
  blockBytes,
  keepsBlocks,
  sizeBytes,
  logicalSectorBytes,
  physicalSectorBytes,
}: DiskParameters): WrittenItem[] {
  return [
    { guid: ITEM.fileParameters, data: uint32s(blockBytes, keepsBlocks ? 1 : 0) },
    { guid: ITEM.diskSize, data: uint32s(sizeBytes % 2 ** 32, Math.floor(sizeBytes / 2 ** 32)) },
    { guid: ITEM.diskId, data: guidBytes(newGuid()) },
    { guid: ITEM.logicalSector, data: uint32s(logicalSectorBytes) },
    { guid: ITEM.physicalSector, data: uint32s(physicalSectorBytes ?? logicalSectorBytes) },
  ];
}

function uint32s(...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value, true);
  return new Uint8Array(view.buffer);
}
