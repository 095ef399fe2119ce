import { encodeName } from '../paths/entry-name.ts';

// Layout: POSIX.1-2024, pax: ustar Interchange Format and pax Header Block.
/** Archives are made of blocks of so many bytes. */
export const TAR_BLOCK_BYTES = 512;
const MOST_NAME_BYTES = 100;
const MOST_SIZE = 8 ** 11 - 1;
const MOST_ID = 8 ** 7 - 1;
const ONE_SECOND_NS = 1_000_000_000n;

/** `0` file, `1` hard link, `2` symbolic link, `3` and `4` devices, `5` folder, `6` named pipe. */
export type TarType = '0' | '1' | '2' | '3' | '4' | '5' | '6';

/** What an archive tells of one entry. */
export type TarEntry = {
  readonly type: TarType;
  /** Relative, with `/` between names; text of `decodeName`. */
  readonly path: string;
  readonly linkPath?: string;
  /** Bytes that follow the header. */
  readonly sizeBytes: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Records of an extended header beside those that the entry needs. */
  readonly records?: { readonly [key: string]: string };
};

/** The header blocks of an entry: an extended header before the plain one where something does not fit in that. */
export function encodeHeader(entry: TarEntry): Uint8Array {
  const records = extendedRecords(entry);
  const plain = plainBlock(entry, entry.type);
  if (records.byteLength === 0) return plain;
  const about = { ...entry, path: 'PaxHeader', linkPath: '', sizeBytes: records.byteLength };
  return Buffer.concat([plainBlock(about, 'x'), padded(records), plain]);
}

/** Zeros up to the next block. */
export function padding(length: number): Uint8Array {
  return new Uint8Array((TAR_BLOCK_BYTES - (length % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES);
}

function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, padding(bytes.byteLength)]);
}

/** Records of the form "length key=value\n", the length counting itself. */
function extendedRecords(entry: TarEntry): Uint8Array {
  const { path, linkPath = '', sizeBytes, uid, gid, mtimeNs } = entry;
  const records: Uint8Array[] = [];
  const add = (key: string, value: Uint8Array | string): void => {
    records.push(record(key, typeof value === 'string' ? Buffer.from(value) : value));
  };
  const needsText = (text: string): boolean =>
    encodeName(text).byteLength > MOST_NAME_BYTES || !isAscii(text);
  if ([path, linkPath].some((text) => needsText(text) && !text.isWellFormed())) add('hdrcharset', 'BINARY');
  if (needsText(path)) add('path', encodeName(path));
  if (needsText(linkPath)) add('linkpath', encodeName(linkPath));
  if (sizeBytes > MOST_SIZE) add('size', String(sizeBytes));
  if (uid > MOST_ID) add('uid', String(uid));
  if (gid > MOST_ID) add('gid', String(gid));
  if (mtimeNs % ONE_SECOND_NS !== 0n || !isPlainTime(mtimeNs)) add('mtime', decimalSeconds(mtimeNs));
  for (const [key, value] of Object.entries(entry.records ?? {})) add(key, encodeName(value));
  return Buffer.concat(records);
}

function record(key: string, value: Uint8Array): Uint8Array {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.byteLength + 1;
  while (String(length).length + rest.byteLength !== length) length = String(length).length + rest.byteLength;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/u.test(text);
}

function isPlainTime(mtimeNs: bigint): boolean {
  return mtimeNs >= 0n && mtimeNs / ONE_SECOND_NS <= BigInt(MOST_SIZE);
}

function decimalSeconds(timeNs: bigint): string {
  const absolute = timeNs < 0n ? -timeNs : timeNs;
  const fraction = String(absolute % ONE_SECOND_NS)
    .padStart(9, '0')
    .replace(/0+$/u, '');
  return `${timeNs < 0n ? '-' : ''}${absolute / ONE_SECOND_NS}${fraction === '' ? '' : `.${fraction}`}`;
}

function plainBlock(entry: TarEntry, type: TarType | 'x'): Uint8Array {
  const { path, linkPath = '', sizeBytes, mode, uid, gid, mtimeNs, device } = entry;
  const block = new Uint8Array(TAR_BLOCK_BYTES);
  const seconds = isPlainTime(mtimeNs) ? Number(mtimeNs / ONE_SECOND_NS) : 0;
  putText(block, 0, MOST_NAME_BYTES, encodeName(path));
  putOctal(block, 100, 8, mode);
  putOctal(block, 108, 8, uid > MOST_ID ? 0 : uid);
  putOctal(block, 116, 8, gid > MOST_ID ? 0 : gid);
  putOctal(block, 124, 12, sizeBytes > MOST_SIZE ? 0 : sizeBytes);
  putOctal(block, 136, 12, seconds);
  putText(block, 156, 1, Buffer.from(type));
  putText(block, 157, MOST_NAME_BYTES, encodeName(linkPath));
  putText(block, 257, 8, Buffer.from('ustar\x0000'));
  putOctal(block, 329, 8, device?.major ?? 0);
  putOctal(block, 337, 8, device?.minor ?? 0);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  putText(block, 148, 8, Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `));
  return block;
}

function putText(block: Uint8Array, at: number, most: number, bytes: Uint8Array): void {
  block.set(bytes.subarray(0, most), at);
}

function putOctal(block: Uint8Array, at: number, width: number, value: number): void {
  putText(block, at, width, Buffer.from(value.toString(8).padStart(width - 1, '0')));
}
