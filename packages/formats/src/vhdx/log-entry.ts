import { crc32c } from '@sendense/plugin-kit/checksums';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { asciiAt, readUint64 } from '../fields.ts';
import { guidAt } from './guid.ts';
import type { Region } from './region-table.ts';

/** Everything in a log has this grid. */
export const LOG_SECTOR_BYTES = 4096;
const HEADER_BYTES = 64;
const DESCRIPTOR_BYTES = 32;

/** The head of an entry of the log, and where it lies in it. */
export type LogEntry = {
  /** Offset in the log, in bytes. */
  readonly at: number;
  readonly length: number;
  /** Offset in the log of the oldest entry that has to be replayed when this one is the newest. */
  readonly tail: number;
  readonly sequenceNumber: bigint;
  readonly descriptors: number;
  /** The file had at least this size when the entry was written, and all of it is durable. */
  readonly flushedFileBytes: number;
  /** The size that the file has after the replay, at least. */
  readonly lastFileBytes: number;
};

/** Reads in a log, which is a ring. */
export class LogRing {
  readonly length: number;
  readonly #handle: FileHandle;
  readonly #offset: number;

  constructor(handle: FileHandle, { offset, length }: Region) {
    this.#handle = handle;
    this.#offset = offset;
    this.length = length;
  }

  /** Where the sector at `at` lies in the file. */
  position(at: number): number {
    return this.#offset + (at % this.length);
  }

  /** The sector at `at`, past the end from the beginning on. What is not there reads as zeros. */
  async sector(at: number): Promise<DataView> {
    const bytes = new Uint8Array(LOG_SECTOR_BYTES);
    await this.#handle.read(bytes, this.position(at));
    return new DataView(bytes.buffer);
  }
}

/** Sectors of an entry with this many descriptors before its data. */
export function descriptorSectors(descriptors: number): number {
  return Math.ceil((HEADER_BYTES + descriptors * DESCRIPTOR_BYTES) / LOG_SECTOR_BYTES);
}

/** The valid entry of log `guid` at `at`, or `undefined`. */
export async function readLogEntry(ring: LogRing, at: number, guid: string): Promise<LogEntry | undefined> {
  const head = await ring.sector(at);
  if (asciiAt(head, 0, 4) !== 'loge' || guidAt(head, 32) !== guid) return undefined;
  const entry: LogEntry = {
    at,
    length: head.getUint32(8, true),
    tail: head.getUint32(12, true),
    sequenceNumber: head.getBigUint64(16, true),
    descriptors: head.getUint32(24, true),
    flushedFileBytes: readUint64(head, 48, true),
    lastFileBytes: readUint64(head, 56, true),
  };
  const isOnGrid = entry.length % LOG_SECTOR_BYTES === 0 && entry.tail % LOG_SECTOR_BYTES === 0;
  if (!isOnGrid || entry.length === 0 || entry.length > ring.length || entry.tail >= ring.length)
    return undefined;
  if (entry.sequenceNumber === 0n || descriptorSectors(entry.descriptors) * LOG_SECTOR_BYTES > entry.length)
    return undefined;
  return (await isWhole(ring, entry, head)) ? entry : undefined;
}

/**
 * Whether the checksum is right and each sector is what it should be. That is looked at first: sectors cannot belong to two
 * entries then, so that the search through a log reads each only a few times.
 */
async function isWhole(ring: LogRing, entry: LogEntry, head: DataView): Promise<boolean> {
  const { at, length, descriptors, sequenceNumber } = entry;
  const before = descriptorSectors(descriptors);
  const expected = head.getUint32(4, true);
  head.setUint32(4, 0, true);
  let crc = crc32c(bytesOf(head));
  for (let sector = 1; sector * LOG_SECTOR_BYTES < length; sector += 1) {
    const view = await ring.sector(at + sector * LOG_SECTOR_BYTES);
    if (sector >= before ? !isData(view, sequenceNumber) : asciiAt(view, 0, 4) === 'loge') return false;
    crc = crc32c(bytesOf(view), crc);
  }
  return crc === expected;
}

function isData(sector: DataView, sequenceNumber: bigint): boolean {
  const high = BigInt(sector.getUint32(4, true));
  const low = BigInt(sector.getUint32(LOG_SECTOR_BYTES - 4, true));
  return asciiAt(sector, 0, 4) === 'data' && ((high << 32n) | low) === sequenceNumber;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** A change that an entry of the log makes to the file. */
export type LogChange =
  | { readonly kind: 'zero'; readonly offset: number; readonly length: number }
  | {
      readonly kind: 'data';
      readonly offset: number;
      /** Where the sector with bytes 8–4091 lies in the file. */
      readonly position: number;
      readonly leading: Uint8Array;
      readonly trailing: Uint8Array;
    };

/** The changes of an entry, in order; `undefined` for one that contradicts the entry. */
export async function* logChanges(ring: LogRing, entry: LogEntry): AsyncGenerator<LogChange | undefined> {
  const { at, descriptors, sequenceNumber, length } = entry;
  let sector = await ring.sector(at);
  let data = descriptorSectors(descriptors) * LOG_SECTOR_BYTES;
  for (let index = 0; index < descriptors; index += 1) {
    const from = HEADER_BYTES + index * DESCRIPTOR_BYTES;
    const within = from % LOG_SECTOR_BYTES;
    if (within === 0) sector = await ring.sector(at + from);
    const offset = readUint64(sector, within + 16, true);
    const kind = asciiAt(sector, within, 4);
    const isOfEntry =
      sector.getBigUint64(within + 24, true) === sequenceNumber && offset % LOG_SECTOR_BYTES === 0;
    if (isOfEntry && kind === 'zero') {
      const zeros = readUint64(sector, within + 8, true);
      yield zeros % LOG_SECTOR_BYTES === 0 ? { kind, offset, length: zeros } : undefined;
    } else if (isOfEntry && kind === 'desc' && data < length) {
      const bytes = bytesOf(sector);
      const leading = bytes.slice(within + 8, within + 16);
      const trailing = bytes.slice(within + 4, within + 8);
      yield { kind: 'data', offset, position: ring.position(at + data), leading, trailing };
      data += LOG_SECTOR_BYTES;
    } else yield undefined;
  }
}
