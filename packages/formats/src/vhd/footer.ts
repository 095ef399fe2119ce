import { asciiAt, readUint64, writeAscii } from '../fields.ts';
import { vhdChecksum } from './checksum.ts';
import { FOOTER_BYTES, FOOTER_COOKIE, FORMAT_VERSION, NO_OFFSET } from './constants.ts';
import type { DiskGeometry } from './disk-geometry.ts';
import { unsupported } from './format-error.ts';

/** What the type field of a footer can say; other numbers are reserved. */
const TYPES = { 2: 'fixed', 3: 'dynamic', 4: 'differencing' } as const;

const CHECKSUM_AT = 64;
/** "Temporary" and the reserved bit that is always set. */
const FEATURES = 2;

/** Kinds of VHD. */
export type VhdType = (typeof TYPES)[keyof typeof TYPES];

/** The 512 bytes at the end of every VHD, and at the front of one with blocks. */
export type VhdFooter = {
  readonly type: VhdType;
  /** Where the header of a disk with blocks lies; of no meaning for a fixed one. */
  readonly headerOffset: number;
  /** Seconds since 2000-01-01 UTC. */
  readonly timestamp: number;
  /** Four characters that name the program. */
  readonly creator: string;
  readonly creatorVersion: number;
  readonly creatorHost: string;
  /** Size of the disk when it was made, in bytes. */
  readonly originalBytes: number;
  readonly currentBytes: number;
  readonly geometry: DiskGeometry;
  /** 16 bytes as 32 hexadecimal digits. */
  readonly uniqueId: string;
  readonly savedState: boolean;
};

/** Why bytes are no footer: it is not there, or it was. */
export type NoFooter = 'absent' | 'damaged';

/** Parses a footer whose checksum is right. Throws `FORMAT_UNSUPPORTED` for versions and types that nobody has defined. */
export function parseFooter(bytes: Uint8Array): VhdFooter | NoFooter {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < FOOTER_BYTES || asciiAt(view, 0, 8) !== FOOTER_COOKIE) return 'absent';
  if (view.getUint32(CHECKSUM_AT) !== vhdChecksum(bytes, CHECKSUM_AT)) return 'damaged';
  return {
    type: typeOf(view),
    headerOffset: readUint64(view, 16),
    timestamp: view.getUint32(24),
    creator: asciiAt(view, 28, 4),
    creatorVersion: view.getUint32(32),
    creatorHost: asciiAt(view, 36, 4),
    originalBytes: readUint64(view, 40),
    currentBytes: readUint64(view, 48),
    geometry: { cylinders: view.getUint16(56), heads: view.getUint8(58), sectors: view.getUint8(59) },
    uniqueId: Buffer.from(bytes.subarray(68, 84)).toString('hex'),
    savedState: view.getUint8(84) !== 0,
  };
}

/** The 512 bytes of a footer. */
export function serializeFooter(footer: VhdFooter): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const view = new DataView(bytes.buffer);
  const { cylinders, heads, sectors } = footer.geometry;
  writeAscii(bytes, 0, FOOTER_COOKIE);
  view.setUint32(8, FEATURES);
  view.setUint32(12, FORMAT_VERSION);
  view.setBigUint64(16, footer.type === 'fixed' ? NO_OFFSET : BigInt(footer.headerOffset));
  view.setUint32(24, footer.timestamp);
  writeAscii(bytes, 28, footer.creator);
  view.setUint32(32, footer.creatorVersion);
  writeAscii(bytes, 36, footer.creatorHost);
  view.setBigUint64(40, BigInt(footer.originalBytes));
  view.setBigUint64(48, BigInt(footer.currentBytes));
  view.setUint16(56, cylinders);
  view.setUint8(58, heads);
  view.setUint8(59, sectors);
  view.setUint32(60, { fixed: 2, dynamic: 3, differencing: 4 }[footer.type]);
  bytes.set(Buffer.from(footer.uniqueId, 'hex'), 68);
  view.setUint8(84, footer.savedState ? 1 : 0);
  view.setUint32(CHECKSUM_AT, vhdChecksum(bytes, CHECKSUM_AT));
  return bytes;
}

function typeOf(view: DataView): VhdType {
  const version = view.getUint32(12);
  if (version >>> 16 !== FORMAT_VERSION >>> 16)
    throw unsupported(`has version ${version >>> 16} of the format, and 1 is known`);
  const type = view.getUint32(60);
  if (type === 2 || type === 3 || type === 4) return TYPES[type];
  throw unsupported(`is a disk of type ${type}, which the specification does not define`);
}
