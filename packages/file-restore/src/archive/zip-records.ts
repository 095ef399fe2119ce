// Layout: APPNOTE.TXT 6.3.10 of PKWARE (4.3 and 4.5); the fields UT and ux: extrafld.txt of Info-ZIP.

/** From here on, sizes and offsets take eight bytes. */
const FULL = 0xff_ff_ff_ff;
const MANY = 0xff_ff;
/** Deflate makes of less than this never more than four bytes can count. */
const MOST_PLAIN_SIZE = 0xf0_00_00_00;
const PLAIN_VERSION = 20;
const ZIP64_VERSION = 45;
/** Unix, version 6.3 of the layout. */
const MADE_BY = (3 << 8) | 63;
const SIZES_FOLLOW = 1 << 3;
const NAME_IS_UTF8 = 1 << 11;
const MOST_SECONDS = 2 ** 31 - 1;
/** The most that a {@link centralRecord} takes beside the name: its fields, those of zip64, time and owner. */
export const MOST_RECORD_BYTES = 46 + 28 + 9 + 15;
const FIRST_DOS_MS = Date.UTC(1980, 0, 1);
const LAST_DOS_MS = Date.UTC(2107, 11, 31, 23, 59, 58);

/** What a zip tells of one entry. */
export type ZipEntry = {
  readonly name: Uint8Array;
  /** Else the bytes of `name` stand as they are, in no charset. */
  readonly isUtf8: boolean;
  /** Type and permissions, as `st_mode` of Unix. */
  readonly unixMode: number;
  readonly isFolder: boolean;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly isDeflated: boolean;
  /** Sizes and checksum stand behind the content, not before it. */
  readonly sizesFollow: boolean;
  /** Sizes behind the content take eight bytes; see {@link needsLongSizes}. */
  readonly hasLongSizes: boolean;
};

/** What the content of an entry came to. */
export type ZipContent = {
  readonly crc32: number;
  readonly sizeBytes: number;
  /** Bytes that it takes in the archive. */
  readonly storedBytes: number;
};

const UNKNOWN: ZipContent = { crc32: 0, sizeBytes: 0, storedBytes: 0 };

/** Whether sizes that are not known yet may need eight bytes, for content of so many bytes. */
export function needsLongSizes(sizeBytes: number): boolean {
  return sizeBytes > MOST_PLAIN_SIZE;
}

/** What stands before the content; without `content` its sizes follow in a {@link dataDescriptor}. */
export function localHeader(entry: ZipEntry, content: ZipContent = UNKNOWN): Uint8Array {
  const { hasLongSizes, name } = entry;
  const long = hasLongSizes ? [2, 0x0001, 2, 16, 8, content.sizeBytes, 8, content.storedBytes] : [];
  const extra = Buffer.concat([pack(...long), timeField(entry), ownerField(entry)]);
  return Buffer.concat([
    pack(4, 0x04034b50, 2, hasLongSizes ? ZIP64_VERSION : PLAIN_VERSION, ...commonFields(entry)),
    pack(4, content.crc32),
    pack(4, hasLongSizes ? FULL : content.storedBytes, 4, hasLongSizes ? FULL : content.sizeBytes),
    pack(2, name.byteLength, 2, extra.byteLength),
    name,
    extra,
  ]);
}

/** What stands behind content whose sizes were not known before it. */
export function dataDescriptor({ hasLongSizes }: ZipEntry, content: ZipContent): Uint8Array {
  const width = hasLongSizes ? 8 : 4;
  return pack(4, 0x08074b50, 4, content.crc32, width, content.storedBytes, width, content.sizeBytes);
}

/** The record of an entry in the directory of the archive; `offset`: where its local header begins. */
export function centralRecord(entry: ZipEntry, content: ZipContent, offset: number): Uint8Array {
  const { name, hasLongSizes, unixMode, isFolder } = entry;
  const { crc32, sizeBytes, storedBytes } = content;
  const long = [sizeBytes, storedBytes, offset].filter((value) => value >= FULL);
  const longField = long.length === 0 ? [] : [2, 0x0001, 2, 8 * long.length];
  const extra = Buffer.concat([
    pack(...longField, ...long.flatMap((value) => [8, value])),
    timeField(entry),
    ownerField(entry),
  ]);
  const version = hasLongSizes || long.length > 0 ? ZIP64_VERSION : PLAIN_VERSION;
  return Buffer.concat([
    pack(4, 0x02014b50, 2, MADE_BY, 2, version, ...commonFields(entry), 4, crc32),
    pack(4, Math.min(storedBytes, FULL), 4, Math.min(sizeBytes, FULL)),
    pack(2, name.byteLength, 2, extra.byteLength, 2, 0, 2, 0, 2, 0),
    pack(4, ((unixMode << 16) | (isFolder ? 0x10 : 0)) >>> 0, 4, Math.min(offset, FULL)),
    name,
    extra,
  ]);
}

/** Where the directory of an archive lies, and how many records it has. */
export type DirectoryPlace = {
  readonly offset: number;
  readonly sizeBytes: number;
  readonly count: number;
};

/** What stands at the end, with the records of zip64 before it where four bytes do not do. */
export function endRecords({ offset, sizeBytes, count }: DirectoryPlace): Uint8Array {
  const plain = pack(4, 0x06054b50, 2, 0, 2, 0, 2, Math.min(count, MANY), 2, Math.min(count, MANY));
  const end = pack(4, Math.min(sizeBytes, FULL), 4, Math.min(offset, FULL), 2, 0);
  if (count < MANY && sizeBytes < FULL && offset < FULL) return Buffer.concat([plain, end]);
  return Buffer.concat([
    pack(4, 0x06064b50, 8, 44, 2, MADE_BY, 2, ZIP64_VERSION, 4, 0, 4, 0),
    pack(8, count, 8, count, 8, sizeBytes, 8, offset),
    pack(4, 0x07064b50, 4, 0, 8, offset + sizeBytes, 4, 1),
    plain,
    end,
  ]);
}

/** Flags, method and time, which both records of an entry have. */
function commonFields({ isUtf8, sizesFollow, isDeflated, mtimeNs }: ZipEntry): number[] {
  const flags = (sizesFollow ? SIZES_FOLLOW : 0) | (isUtf8 ? NAME_IS_UTF8 : 0);
  return [2, flags, 2, isDeflated ? 8 : 0, 4, dosTime(mtimeNs)];
}

/** UT: whole seconds since 1970, UTC; nothing for times that four bytes cannot tell. */
function timeField({ mtimeNs }: ZipEntry): Uint8Array {
  const seconds = Number(mtimeNs / 1_000_000_000n) - (mtimeNs % 1_000_000_000n < 0n ? 1 : 0);
  if (seconds > MOST_SECONDS || seconds < -MOST_SECONDS - 1) return new Uint8Array(0);
  return pack(2, 0x5455, 2, 5, 1, 1, 4, seconds >>> 0);
}

/** ux: owner and group. */
function ownerField({ uid, gid }: ZipEntry): Uint8Array {
  return pack(2, 0x7875, 2, 11, 1, 1, 1, 4, 4, uid, 1, 4, 4, gid);
}

/** Date and time as MS-DOS has them, in steps of two seconds from 1980 to 2107; of UTC, as nobody knows the zone of whoever reads it. */
function dosTime(mtimeNs: bigint): number {
  const ms = Math.min(Math.max(Number(mtimeNs / 1_000_000n), FIRST_DOS_MS), LAST_DOS_MS);
  const date = new Date(ms);
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  return ((day << 16) | time) >>> 0;
}

/** Numbers one after the other, the lowest byte first: how many bytes (1, 2, 4 or 8), then the value. */
function pack(...fields: readonly number[]): Buffer {
  const widths = fields.filter((_, index) => index % 2 === 0);
  const bytes = Buffer.alloc(widths.reduce((total, width) => total + width, 0));
  let at = 0;
  for (const [index, width] of widths.entries()) {
    const value = fields[index * 2 + 1] ?? 0;
    if (width === 8) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeUIntLE(value, at, width);
    at += width;
  }
  return bytes;
}
