import { Fields } from '../bytes/fields.ts';
import type { FileType } from '../file-system-reader.ts';
import type { ParsedBlock, PlacedEntry } from '../folders/directory-cursor.ts';
import { decodeName, isPlainName } from '../paths/entry-name.ts';

const HEADER_BYTES = 8;
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

/**
 * The entries of one block of a folder. Nodes of a hash tree and checksums are made to look like unused entries, so a folder
 * with an index is read like one without. `isDamaged`: the rest of the block could not be read, or a name leads elsewhere.
 */
export function parseDirectoryBlock(bytes: Uint8Array, hasFileTypes: boolean): ParsedBlock {
  const fields = new Fields(bytes);
  const entries: PlacedEntry[] = [];
  let isDamaged = false;
  for (let at = 0; at < bytes.byteLength; ) {
    if (at + HEADER_BYTES > bytes.byteLength) return { entries, isDamaged: true };
    const length = recordLength(fields.u16(at + 4), bytes.byteLength);
    const nameLength = hasFileTypes ? fields.u8(at + 6) : fields.u16(at + 6);
    const node = fields.u32(at);
    const needed = HEADER_BYTES + (node === 0 ? 0 : nameLength);
    if (length < needed || length % 4 !== 0 || at + length > bytes.byteLength)
      return { entries, isDamaged: true };
    const name = node === 0 ? '.' : decodeName(fields.slice(at + HEADER_BYTES, nameLength));
    const type = hasFileTypes ? TYPES[fields.u8(at + 7)] : undefined;
    at += length;
    if (isPlainName(name)) entries.push({ name, node, type, end: at });
    else if (name !== '.' && name !== '..') isDamaged = true;
  }
  return { entries, isDamaged };
}

/** The length of an entry as it is stored. In blocks of 64 KiB the length of a whole block does not fit 16 bits: 0 and 65535 stand for it. */
export function recordLength(raw: number, blockBytes: number): number {
  if (blockBytes < 65_536) return raw;
  return raw === 0 || raw === 65_535 ? 65_536 : (raw & 65_532) | ((raw & 3) << 16);
}
