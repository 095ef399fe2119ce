import { safeNumber } from '@sendense/core';
import { invalid } from './format-error.ts';

/** Flags of a directory entry. */
export const BITMAP_FLAG = { inUse: 1, auto: 2, extraDataCompatible: 4 } as const;
/** Type of dirty tracking bitmaps, the only one there is. */
export const DIRTY_TRACKING = 1;
/** Length of a directory entry without its name and extra data. */
const ENTRY_BYTES = 24;
/** The largest directory that is read, in bytes: thousands of bitmaps. */
const MAX_DIRECTORY_BYTES = 4 * 1024 * 1024;

/** The bitmaps extension of a header. */
export type BitmapsExtension = {
  readonly count: number;
  readonly directoryBytes: number;
  readonly directoryOffset: number;
};

/** One entry of the bitmap directory. */
export type BitmapEntry = {
  readonly name: string;
  readonly tableOffset: number;
  readonly tableEntries: number;
  readonly flags: number;
  readonly type: number;
  readonly granularityBits: number;
  readonly extraData: Uint8Array;
};

/** Reads the payload of the bitmaps extension. Throws `FORMAT_INVALID`. */
export function parseBitmapsExtension(data: Uint8Array, clusterBytes: number): BitmapsExtension {
  if (data.byteLength !== 24) throw invalid('the bitmaps extension has a wrong length');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const extension = {
    count: view.getUint32(0),
    directoryBytes: safeNumber(view.getBigUint64(8), 'the size of the bitmap directory'),
    directoryOffset: safeNumber(view.getBigUint64(16), 'the offset of the bitmap directory'),
  };
  const { count, directoryBytes, directoryOffset } = extension;
  if (count === 0 || directoryOffset === 0 || directoryOffset % clusterBytes !== 0) {
    throw invalid('the bitmaps extension is empty or misaligned');
  }
  if (directoryBytes > MAX_DIRECTORY_BYTES || directoryBytes < count * ENTRY_BYTES) {
    throw invalid(`a bitmap directory of ${directoryBytes} bytes`);
  }
  return extension;
}

/** The payload of the bitmaps extension; the inverse of {@link parseBitmapsExtension}. */
export function serializeBitmapsExtension(extension: BitmapsExtension): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, extension.count);
  view.setBigUint64(8, BigInt(extension.directoryBytes));
  view.setBigUint64(16, BigInt(extension.directoryOffset));
  return bytes;
}

/** Reads `count` directory entries. Throws `FORMAT_INVALID` when they do not fill `bytes` exactly. */
export function parseBitmapDirectory(bytes: Uint8Array, count: number): BitmapEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: BitmapEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + ENTRY_BYTES > bytes.byteLength) throw invalid('the bitmap directory ends inside an entry');
    const nameBytes = view.getUint16(at + 18);
    const extraBytes = view.getUint32(at + 20);
    const nameAt = at + ENTRY_BYTES + extraBytes;
    if (nameBytes === 0 || nameAt + nameBytes > bytes.byteLength) {
      throw invalid('the bitmap directory ends inside an entry');
    }
    entries.push({
      name: new TextDecoder().decode(bytes.subarray(nameAt, nameAt + nameBytes)),
      tableOffset: safeNumber(view.getBigUint64(at), 'the offset of a bitmap table'),
      tableEntries: view.getUint32(at + 8),
      flags: view.getUint32(at + 12),
      type: view.getUint8(at + 16),
      granularityBits: view.getUint8(at + 17),
      extraData: bytes.slice(at + ENTRY_BYTES, nameAt),
    });
    at = Math.ceil((nameAt + nameBytes) / 8) * 8;
  }
  if (at !== bytes.byteLength) throw invalid('the bitmap directory is longer than its entries');
  return entries;
}

/** The bytes of a directory; the inverse of {@link parseBitmapDirectory}. */
export function serializeBitmapDirectory(entries: readonly BitmapEntry[]): Uint8Array {
  const parts = entries.map((entry) => {
    const name = new TextEncoder().encode(entry.name);
    const nameAt = ENTRY_BYTES + entry.extraData.byteLength;
    const part = new Uint8Array(Math.ceil((nameAt + name.byteLength) / 8) * 8);
    const view = new DataView(part.buffer);
    view.setBigUint64(0, BigInt(entry.tableOffset));
    view.setUint32(8, entry.tableEntries);
    view.setUint32(12, entry.flags);
    view.setUint8(16, entry.type);
    view.setUint8(17, entry.granularityBits);
    view.setUint16(18, name.byteLength);
    view.setUint32(20, entry.extraData.byteLength);
    part.set(entry.extraData, ENTRY_BYTES);
    part.set(name, nameAt);
    return part;
  });
  return new Uint8Array(Buffer.concat(parts));
}
