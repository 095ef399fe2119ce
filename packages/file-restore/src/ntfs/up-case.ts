import type { Call } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { ATTRIBUTE } from './attribute.ts';
import { readValue } from './attribute-stream.ts';
import type { MasterFileTable } from './master-file-table.ts';

/** `$UpCase`: the upper-case form of each 16-bit unit, as the system knew it that made the volume. */
const UP_CASE_RECORD = 10;
const TABLE_BYTES = 65_536 * 2;

/**
 * Longest text of a name on NTFS and exFAT, which have 255 units of 16 bits at most: each may be half of a pair, and take three. What
 * is longer is the name of nothing, and too much to be compared.
 */
export const MOST_NAME_LENGTH = 3 * 255;

/** A name, of at most {@link MOST_NAME_LENGTH}, as Windows compares it. */
export type UpCase = (name: string) => string;

/** Reads how the volume compares names. Rejects with `CORRUPT`. */
export async function readUpCase(table: MasterFileTable, call?: Call): Promise<UpCase> {
  const file = await table.file({ record: UP_CASE_RECORD, sequence: 0 }, call);
  const data = await file.find(ATTRIBUTE.data, '', call);
  const bytes = data && (await readValue(table.volume, data, TABLE_BYTES, call));
  if (bytes?.byteLength !== TABLE_BYTES) throw damaged('the table of upper-case letters is not whole');
  const upper = new Fields(bytes);
  return (name) => {
    const units = Uint16Array.from({ length: name.length }, (_, at) => upper.u16(name.charCodeAt(at) * 2));
    return String.fromCharCode(...units);
  };
}
