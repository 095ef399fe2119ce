import type { Call } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import type { UpCase } from '../ntfs/up-case.ts';
import { allocatedBytes, type ExfatVolume } from './allocation.ts';

// Layout: "exFAT file system specification" (Microsoft), 7.2 Up-case Table Directory Entry.
const UNITS = 65_536;
/** The unit behind it counts those that are their own upper case. */
const SAME = 0xffff;

/** Reads how the volume compares names, by the entry that the root has of it. Rejects with `CORRUPT`. */
export async function readUpCase(
  volume: ExfatVolume,
  entry: Fields | undefined,
  call?: Call,
): Promise<UpCase> {
  const sizeBytes = entry?.u64(24) ?? 0;
  if (entry === undefined || sizeBytes === 0 || sizeBytes > UNITS * 2 || sizeBytes % 2 !== 0)
    throw notWhole();
  const stored = allocatedBytes(volume, { first: entry.u32(20), isContiguous: false, sizeBytes });
  const bytes = await stored.load({ offset: 0, length: sizeBytes }, call);
  if (checksum(bytes) !== entry.u32(4)) throw notWhole();
  const upper = unpack(new Fields(bytes));
  return (name) => {
    const units = Uint16Array.from({ length: name.length }, (_, at) => upper[name.charCodeAt(at)] ?? 0);
    return String.fromCharCode(...units);
  };
}

/** The upper case of each unit; units that the table does not come to are their own. */
export function unpack(table: Fields): Uint16Array {
  const upper = Uint16Array.from({ length: UNITS }, (_, unit) => unit);
  let unit = 0;
  for (let at = 0; at < table.bytes.byteLength && unit < UNITS; at += 2) {
    const value = table.u16(at);
    if (value === SAME && at + 2 < table.bytes.byteLength) {
      at += 2;
      unit += table.u16(at);
    } else upper[unit++] = value;
  }
  return upper;
}

function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum = (((sum & 1) << 31) + (sum >>> 1) + byte) >>> 0;
  return sum;
}

function notWhole(): Error {
  return damaged('the table of upper-case letters is not whole');
}
