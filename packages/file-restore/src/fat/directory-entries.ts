import { Fields } from '../bytes/fields.ts';
import type { FileStat } from '../file-system-reader.ts';
import { wideText } from '../ntfs/wide-text.ts';
import { decodeName, isPlainName } from '../paths/entry-name.ts';

/** Bytes of one entry. */
export const ENTRY_BYTES = 32;
const ATTRIBUTE = { readOnly: 1, label: 8, folder: 0x10, longName: 0x0f };
const DELETED = 0xe5;
const CHARACTERS = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30] as const;

/**
 * A long name comes in parts, the last first; `text`: 16-bit units, whose pairs may lie in two parts; `next`: the number of the part
 * that is still to come.
 */
type LongName = { readonly text: string; readonly sum: number; readonly next: number };

const NO_NAME: LongName = { text: '', sum: -1, next: 0 };

/** An entry with its name, and where its 32 bytes begin in the folder. */
export type FatEntry = { readonly name: string; readonly at: number; readonly fields: Fields };

/** The entries of a folder from byte `from` on. `isDamaged`: a name that leads elsewhere was left out. */
export function parseFatDirectory(
  bytes: Uint8Array,
  from: number,
): { readonly entries: readonly FatEntry[]; readonly isDamaged: boolean } {
  const entries: FatEntry[] = [];
  let isDamaged = false;
  let long = NO_NAME;
  for (let at = from; at + ENTRY_BYTES <= bytes.byteLength; at += ENTRY_BYTES) {
    const fields = new Fields(bytes.subarray(at, at + ENTRY_BYTES));
    const first = fields.u8(0);
    if (first === 0) break;
    const attributes = fields.u8(11);
    if (first !== DELETED && (attributes & 0x3f) === ATTRIBUTE.longName) {
      long = addPart(long, fields);
      continue;
    }
    if (first === DELETED || (attributes & ATTRIBUTE.label) !== 0) {
      long = NO_NAME;
      continue;
    }
    const isWhole = long.next === 0 && long.sum === checksum(fields.slice(0, 11));
    const name = isWhole && long.text !== '' ? wholeName(long) : shortName(fields);
    long = NO_NAME;
    if (isPlainName(name)) entries.push({ name, at, fields });
    else if (name !== '.' && name !== '..') isDamaged = true;
  }
  return { entries, isDamaged };
}

function addPart(long: LongName, fields: Fields): LongName {
  const order = fields.u8(0) & 0x3f;
  const isFirst = (fields.u8(0) & 0x40) !== 0;
  const sum = fields.u8(13);
  if (!isFirst && (order !== long.next || sum !== long.sum)) return { text: '', sum: -1, next: -1 };
  const text = CHARACTERS.map((at) => String.fromCharCode(fields.u16(at)))
    .join('')
    .replace(/\0.*$/su, '');
  return { text: text + (isFirst ? '' : long.text), sum, next: order - 1 };
}

function wholeName({ text }: LongName): string {
  return wideText(Buffer.from(text, 'utf16le'));
}

/** Of a short name, in the long names that belong to it. */
function checksum(name: Uint8Array): number {
  return name.reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0);
}

function shortName(fields: Fields): string {
  const raw = Uint8Array.from(fields.slice(0, 11));
  if (raw[0] === 0x05) raw[0] = DELETED;
  const part = (from: number, to: number, isLower: boolean): string => {
    const text = decodeName(raw.subarray(from, to)).trimEnd();
    return isLower ? text.toLowerCase() : text;
  };
  const name = part(0, 8, (fields.u8(12) & 8) !== 0);
  const extension = part(8, 11, (fields.u8(12) & 0x10) !== 0);
  return extension === '' ? name : `${name}.${extension}`;
}

/** First cluster of an entry; 0 for an empty file. */
export function firstCluster(fields: Fields, kind: string): number {
  return fields.u16(26) + (kind === 'fat32' ? fields.u16(20) * 65_536 : 0);
}

/** What an entry tells. FAT has no owners; times are of the machine's own zone, and count as UTC here. */
export function statOf(node: number, fields: Fields, clusterBytes: number): FileStat {
  const attributes = fields.u8(11);
  const isFolder = (attributes & ATTRIBUTE.folder) !== 0;
  const sizeBytes = isFolder ? 0 : fields.u32(28);
  const mtimeNs = timeNs(fields.u16(24), fields.u16(22));
  return {
    node,
    type: isFolder ? 'directory' : 'file',
    sizeBytes,
    allocatedBytes: Math.ceil(sizeBytes / clusterBytes) * clusterBytes,
    mode: isFolder ? 0o755 : (attributes & ATTRIBUTE.readOnly) !== 0 ? 0o444 : 0o644,
    uid: 0,
    gid: 0,
    links: 1,
    mtimeNs,
    atimeNs: timeNs(fields.u16(18), 0),
    ctimeNs: mtimeNs,
  };
}

/** Years since 1980, months, days; hours, minutes, pairs of seconds. */
function timeNs(date: number, time: number): bigint {
  const [year, month, day] = [1980 + (date >> 9), ((date >> 5) & 15) - 1, date & 31];
  const ms = Date.UTC(year, month, day, time >> 11, (time >> 5) & 63, (time & 31) * 2);
  return date === 0 ? 0n : BigInt(ms) * 1_000_000n;
}
