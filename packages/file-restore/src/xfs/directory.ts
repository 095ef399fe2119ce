import { Fields } from '../bytes/fields.ts';
import type { FileType, NodeId } from '../file-system-reader.ts';
import type { ParsedBlock, PlacedEntry } from '../folders/directory-cursor.ts';
import { decodeName, isPlainName } from '../paths/entry-name.ts';
import { type CheckedBy, xfsFault } from './checksums.ts';
import type { XfsSuperblock } from './superblock.ts';

// Layout: "XFS Algorithms & Data Structures", Directories.
const BLOCK_MAGICS: readonly string[] = ['XD2B', 'XDB3'];
const DATA_MAGICS: readonly string[] = ['XD2D', 'XDD3'];
const HEADER_BYTES = { 4: 16, 5: 64 } as const;
/** Where version 5 says to which folder a block belongs. */
const OWNER_AT = 40;
const UNUSED = 0xffff;
const TYPES: readonly (FileType | undefined)[] = [
  undefined,
  'file',
  'directory',
  'char-device',
  'block-device',
  'fifo',
  'socket',
  'symlink',
];

/** What of a superblock decides how folders look. */
export type DirectoryKind = CheckedBy & Pick<XfsSuperblock, 'hasFileTypes'>;

/**
 * The entries of a block of the folder `owner`: those of a folder of one block end before the index in it. A block that is
 * another's, or does not have its checksum, is damaged.
 */
export function parseXfsBlock(bytes: Uint8Array, kind: DirectoryKind, owner: NodeId): ParsedBlock {
  const { version, hasFileTypes } = kind;
  const fields = new Fields(bytes);
  const magic = fields.text(0, 4);
  const entries: PlacedEntry[] = [];
  let isDamaged = false;
  if (!BLOCK_MAGICS.includes(magic) && !DATA_MAGICS.includes(magic)) return { entries, isDamaged: true };
  if (version === 5 && fields.u64be(OWNER_AT) !== owner) return { entries, isDamaged: true };
  if (xfsFault('folder', fields, kind) !== undefined) return { entries, isDamaged: true };
  const size = bytes.byteLength;
  const end = BLOCK_MAGICS.includes(magic) ? size - 8 - fields.u32be(size - 8) * 8 : size;
  if (end < HEADER_BYTES[version]) return { entries, isDamaged: true };
  for (let at: number = HEADER_BYTES[version]; at < end; ) {
    const isUnused = at + 4 <= end && fields.u16be(at) === UNUSED;
    if (!isUnused && at + 9 > end) return { entries, isDamaged: true };
    const nameLength = isUnused ? 0 : fields.u8(at + 8);
    const length = isUnused ? fields.u16be(at + 2) : rounded(9 + nameLength + (hasFileTypes ? 1 : 0) + 2);
    if (length < 8 || length % 8 !== 0 || at + length > end || fields.u16be(at + length - 2) !== at)
      return { entries, isDamaged: true };
    if (!isUnused) {
      const name = decodeName(fields.slice(at + 9, nameLength));
      const type = hasFileTypes ? TYPES[fields.u8(at + 9 + nameLength)] : undefined;
      if (isPlainName(name)) entries.push({ name, node: fields.u64be(at), type, end: at + length });
      else if (name !== '.' && name !== '..') isDamaged = true;
    }
    at += length;
  }
  return { entries, isDamaged };
}

function rounded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** The entries of a small folder, which lie in its inode: numbers of 4 bytes, or all of 8 where one needs them. */
export function parseShortFolder(
  fork: Fields,
  sizeBytes: number,
  { hasFileTypes }: DirectoryKind,
): ParsedBlock {
  const entries: PlacedEntry[] = [];
  let isDamaged = false;
  const size = Math.min(sizeBytes, fork.bytes.byteLength);
  if (size < 6) return { entries, isDamaged: true };
  const width = fork.u8(1) > 0 ? 8 : 4;
  let at = 2 + width;
  for (let left = fork.u8(0); left > 0; left -= 1) {
    const nameLength = at < size ? fork.u8(at) : 0;
    const end = at + 3 + nameLength + (hasFileTypes ? 1 : 0) + width;
    if (nameLength === 0 || end > size) return { entries, isDamaged: true };
    const name = decodeName(fork.slice(at + 3, nameLength));
    const type = hasFileTypes ? TYPES[fork.u8(at + 3 + nameLength)] : undefined;
    const node = width === 8 ? fork.u64be(end - 8) : fork.u32be(end - 4);
    if (isPlainName(name)) entries.push({ name, node, type, end });
    else isDamaged = true;
    at = end;
  }
  return { entries, isDamaged };
}
