import type { Call } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { checkInside, damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { bothU32 } from './both-endian.ts';
import { shortTimeNs } from './timestamp.ts';
import { SECTOR_BYTES } from './volume-descriptor.ts';

// Layout: ECMA-119, 9.1 Format of a Directory Record.
const HEAD_BYTES = 33;
const MOST_BYTES = 255;
const FLAG = { folder: 2, associated: 4, hasMore: 0x80 };

/** A part of a file or folder, as a folder names it. Places are bytes of the volume. */
export type DirectoryRecord = {
  /** Where the record lies: first byte, and the one behind its last. */
  readonly at: number;
  readonly end: number;
  /** Where the data begin, behind the attributes that a disc may have before them. */
  readonly dataAt: number;
  readonly sizeBytes: number;
  readonly timeNs: bigint;
  readonly isFolder: boolean;
  /** A fork of another file of the same name. */
  readonly isAssociated: boolean;
  /** The next record names the next part of the same file. */
  readonly hasMore: boolean;
  /** Its data lie in units with gaps between them. */
  readonly isInterleaved: boolean;
  /** The number of the disc of a set on which the data lie. */
  readonly volumeNumber: number;
  readonly identifier: Uint8Array;
  /** What other standards keep in the record. */
  readonly systemUse: Uint8Array;
};

/** Bytes of the record at the begin of `bytes`, which end where its sector does; `undefined`: no record has that length. */
export function recordLength(bytes: Uint8Array): number | undefined {
  const length = bytes[0] ?? 0;
  const nameBytes = bytes[32] ?? 0;
  return nameBytes === 0 || length < HEAD_BYTES + nameBytes || length > bytes.byteLength ? undefined : length;
}

/** Parses the record at the begin of `bytes`. Throws `CORRUPT`. */
export function parseRecord(bytes: Uint8Array, at: number, blockBytes: number): DirectoryRecord {
  const length = recordLength(bytes);
  if (length === undefined)
    throw damaged(`the directory record at byte ${at} contradicts itself`, { recordAt: at });
  const nameBytes = bytes[32] ?? 0;
  const fields = new Fields(bytes.subarray(0, length));
  const flags = fields.u8(25);
  const nameEnd = HEAD_BYTES + nameBytes;
  return {
    at,
    end: at + length,
    dataAt: (bothU32(fields, 2) + fields.u8(1)) * blockBytes,
    sizeBytes: bothU32(fields, 10),
    timeNs: shortTimeNs(fields, 18),
    isFolder: (flags & FLAG.folder) !== 0,
    isAssociated: (flags & FLAG.associated) !== 0,
    hasMore: (flags & FLAG.hasMore) !== 0,
    isInterleaved: fields.u16(26) !== 0,
    volumeNumber: fields.u16(28),
    identifier: fields.slice(HEAD_BYTES, nameBytes),
    // a byte of zero lets what follows begin at an even one
    systemUse: fields.slice(nameEnd + (nameEnd % 2), length),
  };
}

/** Reads the record at a byte of the volume; `undefined`: the rest of its sector holds none. Rejects with `CORRUPT`. */
export async function readRecord(
  source: ByteSource,
  at: number,
  blockBytes: number,
  call?: Call,
): Promise<DirectoryRecord | undefined> {
  checkInside(at, HEAD_BYTES + 1, source.sizeBytes);
  const most = Math.min(MOST_BYTES, SECTOR_BYTES - (at % SECTOR_BYTES), source.sizeBytes - at);
  const bytes = await readBytes(source, at, most, call);
  return bytes[0] === 0 ? undefined : parseRecord(bytes, at, blockBytes);
}
