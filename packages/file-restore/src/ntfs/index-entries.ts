import { SendenseError } from '@sendense/core';
import { Fields } from '../bytes/fields.ts';
import type { FileType } from '../file-system-reader.ts';
import type { ParsedBlock, PlacedEntry } from '../folders/directory-cursor.ts';
import { isPlainName } from '../paths/entry-name.ts';
import { type FileName, parseFileName } from './file-name.ts';
import { type FileReference, nodeOf, readReference } from './file-reference.ts';
import { ROOT_RECORD } from './master-file-table.ts';
import { FILE_ATTRIBUTE } from './standard-information.ts';
import { undoUpdateSequence } from './update-sequence.ts';

// Layout: "NTFS Documentation" of the Linux-NTFS project, Directory and Index Record.
const BLOCK_MAGIC = 'INDX';
const HEADER_AT = { root: 16, block: 24 };
const HEADER_BYTES = 16;
const ENTRY_BYTES = 16;
const FLAG = { hasBelow: 1, isLast: 2 };
/** Records below are those of the file system itself: `$MFT`, `$Bitmap` … */
const FIRST_FILE = 16;

/** What entries of a folder are checked by. */
export type FolderCheck = {
  /** The folder. */
  readonly owner: FileReference;
  /** Whether the block of the index that begins at cluster or sector `place` of it is in use. */
  readonly isUsed: (place: number) => boolean;
};

/** The entries in the record of the folder: the root of the tree. */
export function parseIndexRoot(bytes: Uint8Array, check: FolderCheck): ParsedBlock {
  return parseEntries(new Fields(bytes), HEADER_AT.root, check);
}

/** The entries of a block of the tree, inner ones too: each name lies in the tree once. */
export function parseIndexBlock(bytes: Uint8Array, check: FolderCheck): ParsedBlock {
  if (new Fields(bytes).text(0, 4) !== BLOCK_MAGIC) return { entries: [], isDamaged: true };
  const whole = undoUpdateSequence(bytes);
  if (whole === undefined) return { entries: [], isDamaged: true };
  return parseEntries(new Fields(whole), HEADER_AT.block, check);
}

function parseEntries(fields: Fields, headerAt: number, { owner, isUsed }: FolderCheck): ParsedBlock {
  const entries: PlacedEntry[] = [];
  let isDamaged = false;
  const end = headerAt + fields.u32(headerAt + 4);
  const first = fields.u32(headerAt);
  if (first < HEADER_BYTES || end > fields.bytes.byteLength) return { entries, isDamaged: true };
  for (let at = headerAt + first; at + ENTRY_BYTES <= end; ) {
    const [length, flags] = [fields.u16(at + 8), fields.u16(at + 12)];
    const hasBelow = (flags & FLAG.hasBelow) !== 0;
    if (length < ENTRY_BYTES + (hasBelow ? 8 : 0) || length % 8 !== 0 || at + length > end)
      return { entries, isDamaged: true };
    if (hasBelow && !isUsed(fields.u64(at + length - 8))) isDamaged = true;
    if ((flags & FLAG.isLast) !== 0) return { entries, isDamaged };
    const entry = parseEntry(fields.part(at, length), owner);
    if (entry === 'damaged') isDamaged = true;
    else if (entry !== undefined) entries.push({ ...entry, end: at + length });
    at += length;
  }
  return { entries, isDamaged: true };
}

/** An entry; `undefined` for one that is not shown. */
function parseEntry(fields: Fields, owner: FileReference): Omit<PlacedEntry, 'end'> | 'damaged' | undefined {
  const keyBytes = fields.u16(10);
  if (ENTRY_BYTES + keyBytes > fields.bytes.byteLength) return 'damaged';
  const place = readReference(fields, 0);
  const named = nameIn(fields.part(ENTRY_BYTES, keyBytes));
  if (
    place === undefined ||
    named?.parent?.record !== owner.record ||
    named.parent.sequence !== owner.sequence
  )
    return 'damaged';
  if (place.record < FIRST_FILE) return owner.record === ROOT_RECORD ? undefined : 'damaged';
  if (named.isShort) return undefined;
  if (!isPlainName(named.name)) return 'damaged';
  return { name: named.name, node: nodeOf(place), type: typeOf(named.attributes) };
}

function nameIn(key: Fields): FileName | undefined {
  try {
    return parseFileName(key);
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return undefined;
  }
}

/** Links are reparse points, or files of the system. */
function typeOf(attributes: number): FileType | undefined {
  if ((attributes & (FILE_ATTRIBUTE.reparsePoint | FILE_ATTRIBUTE.system)) !== 0) return undefined;
  return (attributes & FILE_ATTRIBUTE.folder) === 0 ? 'file' : 'directory';
}
