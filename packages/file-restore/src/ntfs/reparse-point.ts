import { damaged } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import type { FileType } from '../file-system-reader.ts';
import { decodeName } from '../paths/entry-name.ts';
import type { Packing } from './system-compressed.ts';
import { wideText } from './wide-text.ts';

// Tags and layouts: [MS-FSCC] 2.1.2; the link of WSL: the four bytes of its version, and UTF-8.

/** Largest reparse point: 16 KiB. */
export const MOST_REPARSE_BYTES = 16 * 1024;

const HEADER_BYTES = 8;
const WSL_VERSION_BYTES = 4;
const TAG = {
  mountPoint: 0xa000_0003,
  symbolicLink: 0xa000_000c,
  wslLink: 0xa000_001d,
  overlay: 0x8000_0017,
};
const SPECIAL: ReadonlyMap<number, FileType> = new Map([
  [0x8000_0023, 'socket'],
  [0x8000_0024, 'fifo'],
]);
/** Where the bytes of a file are instead of its data, by tag. */
const ELSEWHERE: ReadonlyMap<number, string> = new Map([
  [0x8000_0013, 'was deduplicated, which is not read'],
  [0xc000_0004, 'was moved to another store (HSM)'],
  [0x8000_0006, 'was moved to another store (HSM)'],
]);
/** Files that the system compressed (WOF, `compact /exe`), by the number of the algorithm. */
const PACKINGS: ReadonlyMap<number, Packing> = new Map<number, Packing>([
  [0, { algorithm: 'xpress', chunkBytes: 4096 }],
  [1, { algorithm: 'lzx', chunkBytes: 32_768 }],
  [2, { algorithm: 'xpress', chunkBytes: 8192 }],
  [3, { algorithm: 'xpress', chunkBytes: 16_384 }],
]);
const OVERLAY = { bytes: 24, version: 1, inFile: 2 };
/** A program of the store that is started by the name: the file itself is empty. */
const PROGRAM_LINK = 0x8000_001b;
/** Files of the cloud: 0x9000x01A, and older ones of OneDrive. */
const CLOUD = { mask: 0xffff_0fff, tag: 0x9000_001a, oneDrive: 0x8000_0021 };
/** Absolute paths of Windows begin so inside of the system. */
const DEVICE_PREFIX = '\\??\\';
const IS_RELATIVE = 1;

/** What a reparse point makes of its file. */
export type ReparsePoint =
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'special'; readonly type: FileType }
  /** The data are in a stream of their own. */
  | { readonly kind: 'system-compressed'; readonly packing: Packing }
  /** The data are not in the file; `how` follows the name of the file in a sentence. */
  | { readonly kind: 'elsewhere'; readonly how: string }
  /** The data are in the file unless its attributes say else. */
  | { readonly kind: 'cloud' }
  | { readonly kind: 'none' };

/** Reads a reparse point. Throws `CORRUPT`. */
export function parseReparsePoint(fields: Fields): ReparsePoint {
  const { byteLength } = fields.bytes;
  if (byteLength < HEADER_BYTES || HEADER_BYTES + fields.u16(4) > byteLength)
    throw damaged('a reparse point is cut off');
  const tag = fields.u32(0);
  if (tag === TAG.mountPoint) return { kind: 'link', target: targetIn(fields, 16, false) };
  if (tag === TAG.symbolicLink) {
    const isRelative = byteLength >= 20 && (fields.u32(16) & IS_RELATIVE) !== 0;
    return { kind: 'link', target: targetIn(fields, 20, isRelative) };
  }
  if (tag === TAG.wslLink) return { kind: 'link', target: wslTarget(fields) };
  if (tag === TAG.overlay) return overlayIn(fields);
  const type = SPECIAL.get(tag);
  if (type !== undefined) return { kind: 'special', type };
  if ((tag & CLOUD.mask) >>> 0 === CLOUD.tag || tag === CLOUD.oneDrive) return { kind: 'cloud' };
  if (tag === PROGRAM_LINK) return { kind: 'none' };
  const how = ELSEWHERE.get(tag) ?? `has a reparse point that is not known (0x${tag.toString(16)})`;
  return { kind: 'elsewhere', how };
}

/**
 * A relative target, with slashes, leads on in the volume. An absolute one begins with a drive or volume that only its machine knows:
 * it is given as Windows writes it, and leads nowhere.
 */
function targetIn(fields: Fields, textAt: number, isRelative: boolean): string {
  const { byteLength } = fields.bytes;
  const [at, length] = byteLength < textAt ? [0, 0] : [fields.u16(8), fields.u16(10)];
  if (length === 0 || textAt + at + length > byteLength) throw damaged('the target of a link is cut off');
  const text = wideText(fields.slice(textAt + at, length));
  if (isRelative) return text.replaceAll('\\', '/');
  return text.startsWith(DEVICE_PREFIX) ? text.slice(DEVICE_PREFIX.length) : text;
}

/** Behind the version. */
function wslTarget(fields: Fields): string {
  const length = fields.u16(4) - WSL_VERSION_BYTES;
  if (length <= 0) throw damaged('the target of a link is cut off');
  return decodeName(fields.slice(HEADER_BYTES + WSL_VERSION_BYTES, length));
}

/** [MS-FSCC] does not tell its data; `WOF_EXTERNAL_INFO` and `FILE_PROVIDER_EXTERNAL_INFO_V1` of the Windows SDK do. */
function overlayIn(fields: Fields): ReparsePoint {
  const isInFile =
    fields.bytes.byteLength >= OVERLAY.bytes &&
    fields.u32(8) === OVERLAY.version &&
    fields.u32(12) === OVERLAY.inFile &&
    fields.u32(16) === OVERLAY.version;
  if (!isInFile) return { kind: 'elsewhere', how: 'lies in an image of the system (WOF), which is not read' };
  const algorithm = fields.u32(20);
  const packing = PACKINGS.get(algorithm);
  return packing === undefined
    ? {
        kind: 'elsewhere',
        how: `is compressed by the system (WOF) in a way that is not known (${algorithm})`,
      }
    : { kind: 'system-compressed', packing };
}
