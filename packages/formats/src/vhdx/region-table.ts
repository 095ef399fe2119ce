import type { Finding } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { asciiAt, readUint64, writeAscii } from '../fields.ts';
import {
  HEADER_SECTION_BYTES,
  MAX_ENTRIES,
  MIB,
  REGION,
  REGION_OFFSETS,
  REGION_SIGNATURE,
  REGION_TABLE_BYTES,
} from './constants.ts';
import { corrupt, unsupported } from './format-error.ts';
import { guidAt, guidBytes } from './guid.ts';
import { structureChecksum } from './structure-checksum.ts';

const HEADER_BYTES = 16;
const ENTRY_BYTES = 32;

/** A part of the file, in bytes. */
export type Region = { readonly offset: number; readonly length: number };

/** The regions that are known. */
export type Regions = { readonly bat: Region; readonly metadata: Region };

/** Reads the region tables. Rejects with `FORMAT_UNSUPPORTED` naming a region that is required and unknown. */
export async function readRegions(
  handle: FileHandle,
): Promise<{ readonly regions: Regions; readonly warnings: readonly Finding[] }> {
  const [first, second] = REGION_OFFSETS;
  const a = await tableAt(handle, first);
  const b = await tableAt(handle, second);
  const table = a ?? b;
  if (table === undefined) throw corrupt('both of its region tables are damaged');
  const warnings = a === undefined || b === undefined ? [damaged(a === undefined ? 'first' : 'second')] : [];
  return { regions: regionsOf(table, await handle.size()), warnings };
}

/** The 64 KiB of a region table. */
export function serializeRegions({ bat, metadata }: Regions): Uint8Array {
  const bytes = new Uint8Array(REGION_TABLE_BYTES);
  const view = new DataView(bytes.buffer);
  const entries = [[REGION.bat, bat] as const, [REGION.metadata, metadata] as const];
  writeAscii(bytes, 0, REGION_SIGNATURE);
  view.setUint32(8, entries.length, true);
  for (const [index, [guid, { offset, length }]] of entries.entries()) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    bytes.set(guidBytes(guid), at);
    view.setBigUint64(at + 16, BigInt(offset), true);
    view.setUint32(at + 24, length, true);
    view.setUint32(at + 28, 1, true);
  }
  view.setUint32(4, structureChecksum(bytes), true);
  return bytes;
}

async function tableAt(handle: FileHandle, position: number): Promise<DataView | undefined> {
  const bytes = new Uint8Array(REGION_TABLE_BYTES);
  await handle.read(bytes, position);
  const view = new DataView(bytes.buffer);
  const isWhole =
    asciiAt(view, 0, 4) === REGION_SIGNATURE && view.getUint32(4, true) === structureChecksum(bytes);
  return isWhole && view.getUint32(8, true) <= MAX_ENTRIES ? view : undefined;
}

function regionsOf(table: DataView, fileBytes: number): Regions {
  const found = new Map<string, Region>();
  for (let index = 0; index < table.getUint32(8, true); index += 1) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    const guid = guidAt(table, at);
    const isRequired = (table.getUint32(at + 28, true) & 1) !== 0;
    const isKnown = guid === REGION.bat || guid === REGION.metadata;
    if (isRequired && !isKnown) throw unsupported(`requires the region ${guid}, which is unknown`);
    if (found.has(guid)) throw corrupt(`it has the region ${guid} twice`);
    if (isKnown)
      found.set(
        guid,
        checked(
          { offset: readUint64(table, at + 16, true), length: table.getUint32(at + 24, true) },
          fileBytes,
        ),
      );
  }
  const bat = found.get(REGION.bat);
  const metadata = found.get(REGION.metadata);
  if (bat === undefined || metadata === undefined)
    throw corrupt('it lacks the region of its block table or of its metadata');
  if (overlap(bat, metadata)) throw corrupt('its block table and its metadata lie on each other');
  return { bat, metadata };
}

function checked({ offset, length }: Region, fileBytes: number): Region {
  const isOnGrid = offset % MIB === 0 && length % MIB === 0;
  if (isOnGrid && offset >= HEADER_SECTION_BYTES && offset + length <= fileBytes) return { offset, length };
  throw corrupt(`a region of ${length} bytes at ${offset} lies outside the file or off its grid`);
}

/** Whether two parts of the file have a byte in common. */
export function overlap(a: Region, b: Region): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}

function damaged(which: string): Finding {
  const message = `the ${which} of its two region tables is damaged: the other one was used`;
  return { severity: 'warning', code: 'region-table-damaged', message };
}
