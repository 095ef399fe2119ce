import type { FileHandle } from '@sendense/plugin-kit/files';
import { asciiAt, writeAscii } from '../fields.ts';
import {
  ITEM,
  MAX_ENTRIES,
  MAX_METADATA_ITEM_BYTES,
  METADATA_SIGNATURE,
  METADATA_TABLE_BYTES,
} from './constants.ts';
import { corrupt, unsupported } from './format-error.ts';
import { guidAt, guidBytes } from './guid.ts';
import type { Region } from './region-table.ts';

const HEADER_BYTES = 32;
const ENTRY_BYTES = 32;

/** Bits of the flags of an item. */
const FLAG = { user: 1, virtualDisk: 2, required: 4 } as const;

/** Items of metadata by their GUID. */
export type MetadataItems = ReadonlyMap<string, DataView>;

/** An item to write; all that we know are required, and about the disk but for the first and the last. */
export type WrittenItem = { readonly guid: string; readonly data: Uint8Array };

const KNOWN: ReadonlySet<string> = new Set(Object.values(ITEM));
const ABOUT_THE_FILE: ReadonlySet<string> = new Set([ITEM.fileParameters, ITEM.parentLocator]);

/** Reads the items that are known. Rejects with `FORMAT_UNSUPPORTED` naming one that is required and unknown. */
export async function readMetadata(handle: FileHandle, region: Region): Promise<MetadataItems> {
  const bytes = new Uint8Array(METADATA_TABLE_BYTES);
  await handle.read(bytes, region.offset);
  const table = new DataView(bytes.buffer);
  const count = table.getUint16(10, true);
  if (asciiAt(table, 0, 8) !== METADATA_SIGNATURE || count > MAX_ENTRIES)
    throw corrupt('its metadata table is damaged');
  const items = new Map<string, DataView>();
  for (let index = 0; index < count; index += 1) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    const guid = guidAt(table, at);
    const flags = table.getUint32(at + 24, true);
    // A user may give an item the GUID of one of the system's.
    const isKnown = KNOWN.has(guid) && (flags & FLAG.user) === 0;
    if (!isKnown && (flags & FLAG.required) !== 0)
      throw unsupported(`requires the metadata ${guid}, which is unknown`);
    if (!isKnown) continue;
    if (items.has(guid)) throw corrupt(`it has the metadata ${guid} twice`);
    items.set(
      guid,
      await readItem(handle, region, table.getUint32(at + 16, true), table.getUint32(at + 20, true)),
    );
  }
  return items;
}

/** The table and what it refers to: the first bytes of a metadata region. */
export function serializeMetadata(items: readonly WrittenItem[]): Uint8Array {
  const dataBytes = items.reduce((sum, { data }) => sum + data.byteLength, 0);
  const bytes = new Uint8Array(METADATA_TABLE_BYTES + dataBytes);
  const view = new DataView(bytes.buffer);
  writeAscii(bytes, 0, METADATA_SIGNATURE);
  view.setUint16(10, items.length, true);
  let offset = METADATA_TABLE_BYTES;
  for (const [index, { guid, data }] of items.entries()) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    bytes.set(guidBytes(guid), at);
    view.setUint32(at + 16, offset, true);
    view.setUint32(at + 20, data.byteLength, true);
    view.setUint32(at + 24, FLAG.required | (ABOUT_THE_FILE.has(guid) ? 0 : FLAG.virtualDisk), true);
    bytes.set(data, offset);
    offset += data.byteLength;
  }
  return bytes;
}

async function readItem(
  handle: FileHandle,
  region: Region,
  offset: number,
  length: number,
): Promise<DataView> {
  const isInside = offset >= METADATA_TABLE_BYTES && offset + length <= region.length;
  if (!isInside || length > MAX_METADATA_ITEM_BYTES)
    throw corrupt('an item of its metadata lies outside its place');
  const bytes = new Uint8Array(length);
  if ((await handle.read(bytes, region.offset + offset)) < length) throw corrupt('its metadata are cut off');
  return new DataView(bytes.buffer);
}
