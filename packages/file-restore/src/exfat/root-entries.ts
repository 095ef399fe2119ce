import { type Call, SendenseError } from '@sendense/core';
import { Fields } from '../bytes/fields.ts';
import { wideText } from '../ntfs/wide-text.ts';
import type { ExfatVolume } from './allocation.ts';
import { ENTRY_BYTES, TYPE } from './entry-set.ts';
import { type Folder, folderWindows } from './folder-sets.ts';

const MOST_LABEL_UNITS = 11;

/** What the root folder tells of the volume: its name, and the entry of the table of letters. */
export type RootEntries = { readonly label: string; readonly upCase: Fields | undefined };

/** Reads what the root tells, as far as it can be followed. */
export async function readRootEntries(volume: ExfatVolume, root: Folder, call?: Call): Promise<RootEntries> {
  const found = new Map<number, Fields>();
  try {
    for await (const { bytes } of folderWindows(volume, root, 0, call)) if (collect(bytes, found)) break;
  } catch (error) {
    // who lists the root is told
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
  }
  const label = found.get(TYPE.label);
  const units = Math.min(MOST_LABEL_UNITS, label?.u8(1) ?? 0);
  return { label: wideText(label?.slice(2, units * 2) ?? new Uint8Array(0)), upCase: found.get(TYPE.upCase) };
}

/** Whether there is no more to be found. */
function collect(bytes: Uint8Array, found: Map<number, Fields>): boolean {
  for (let at = 0; at + ENTRY_BYTES <= bytes.byteLength; at += ENTRY_BYTES) {
    const type = bytes[at] ?? 0;
    if (type === TYPE.end) return true;
    if ((type === TYPE.label || type === TYPE.upCase) && !found.has(type))
      found.set(type, new Fields(bytes.subarray(at, at + ENTRY_BYTES)));
  }
  return found.size === 2;
}
