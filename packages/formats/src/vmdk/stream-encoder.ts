import { SendenseError } from '@sendense/core';
import {
  ENTRIES_PER_TABLE,
  GRAIN_SECTORS,
  HOSTED_FLAG,
  MARKER,
  MARKER_BYTES,
  SECTOR_BYTES,
} from './constants.ts';
import { viewOf } from './field-reader.ts';
import { type HostedHeader, serializeHostedHeader } from './hosted-header.ts';

/** Sectors before the first grain: header and descriptor, filled up to a grain. */
const HEAD_SECTORS = GRAIN_SECTORS;
/** Room of the descriptor, as VMware leaves it. */
const DESCRIPTOR_SECTORS = 20;
const TABLE_BYTES = ENTRIES_PER_TABLE * 4;
/** Sector numbers have 32 bits. */
const MOST_SECTORS = 2 ** 32 - 1;

/** The end of a stream and where its markers lie. */
export type StreamTail = {
  readonly bytes: Uint8Array;
  /** Offset in `bytes` of the marker of the grain directory. */
  readonly directoryMarker: number;
  /** Offset in `bytes` of the marker of the footer. */
  readonly footerMarker: number;
};

/**
 * The bytes of a streamOptimized image in the order of the file, as the specification has it and as ESXi imports it: grains
 * ascending behind their markers, each grain table behind its last grain, then the grain directory, the footer and the end of
 * the stream. It keeps the directory and one table in memory.
 */
export class StreamEncoder {
  readonly #header: HostedHeader;
  readonly #descriptor: Uint8Array;
  readonly #directory: DataView;
  readonly #table = new Uint8Array(TABLE_BYTES);
  /** Index of the table that is being filled. */
  #current: number | undefined;
  #lastGrain = -1;
  #position = HEAD_SECTORS * SECTOR_BYTES;

  constructor(sizeBytes: number, descriptor: Uint8Array) {
    const capacity = sizeBytes / SECTOR_BYTES;
    this.#descriptor = descriptor;
    this.#directory = new DataView(
      new ArrayBuffer(Math.ceil(capacity / GRAIN_SECTORS / ENTRIES_PER_TABLE) * 4),
    );
    this.#header = {
      version: 3,
      flags: HOSTED_FLAG.newlines | HOSTED_FLAG.compressed | HOSTED_FLAG.markers,
      capacity,
      grainSectors: GRAIN_SECTORS,
      descriptorOffset: 1,
      descriptorSectors: DESCRIPTOR_SECTORS,
      entriesPerTable: ENTRIES_PER_TABLE,
      redundantOffset: 0,
      directoryOffset: 'at-end',
      overhead: HEAD_SECTORS,
      unclean: false,
    };
  }

  /** Where the next bytes come to lie in the file. */
  get position(): number {
    return this.#position;
  }

  /** The first bytes of the file, up to the first grain. */
  head(): Uint8Array {
    const bytes = new Uint8Array(HEAD_SECTORS * SECTOR_BYTES);
    bytes.set(this.header('at-end'));
    bytes.set(this.#descriptor, SECTOR_BYTES);
    return bytes;
  }

  /** The first sector of the file, of an image whose grain directory lies at a sector or is told by the footer. */
  header(directoryOffset: HostedHeader['directoryOffset']): Uint8Array {
    return serializeHostedHeader({ ...this.#header, directoryOffset });
  }

  /** What follows for grain `index` of the disk, whose bytes are `packed`: grains ascend. */
  grain(index: number, packed: Uint8Array): Uint8Array[] {
    const pieces = this.place(index, packed.byteLength);
    const bytes = new Uint8Array(padded(MARKER_BYTES + packed.byteLength));
    const view = viewOf(bytes);
    view.setBigUint64(0, BigInt(index * GRAIN_SECTORS), true);
    view.setUint32(8, packed.byteLength, true);
    bytes.set(packed, MARKER_BYTES);
    return [...pieces, bytes];
  }

  /** Whether `index` is a grain of the disk behind all that were placed. */
  follows(index: number): boolean {
    return (
      Number.isInteger(index) && index > this.#lastGrain && index * GRAIN_SECTORS < this.#header.capacity
    );
  }

  /** Gives grain `index` its place, `packedBytes` long without its marker, and what comes before it: the table that it completes. */
  place(index: number, packedBytes: number): Uint8Array[] {
    const pieces = this.#enter(Math.floor(index / ENTRIES_PER_TABLE));
    const sector = this.#position / SECTOR_BYTES;
    const bytes = padded(MARKER_BYTES + packedBytes);
    if (sector + bytes / SECTOR_BYTES > MOST_SECTORS) throw tooMuchData();
    viewOf(this.#table).setUint32((index % ENTRIES_PER_TABLE) * 4, sector, true);
    this.#position += bytes;
    this.#lastGrain = index;
    return pieces;
  }

  /** What makes the bytes so far a whole image. More grains may follow instead, or behind it after {@link skip}. */
  tail(): StreamTail {
    const first = this.#position;
    const entries = new Uint8Array(this.#directory.buffer.slice(0));
    const table: Uint8Array[] = [];
    if (this.#current !== undefined) {
      viewOf(entries).setUint32(this.#current * 4, first / SECTOR_BYTES + 1, true);
      table.push(marker(MARKER.table, TABLE_BYTES), this.#table);
    }
    const directory = new Uint8Array(padded(entries.byteLength));
    directory.set(entries);
    const directoryMarker = lengthOf(table);
    const directoryOffset = (first + directoryMarker) / SECTOR_BYTES + 1;
    const body = [...table, marker(MARKER.directory, directory.byteLength), directory];
    const footer = this.header(directoryOffset);
    const end = [marker(MARKER.footer, SECTOR_BYTES), footer, marker(MARKER.endOfStream, 0)];
    return {
      bytes: Buffer.concat([...body, ...end]),
      directoryMarker,
      footerMarker: lengthOf(body),
    };
  }

  /** Leaves `bytes` of the file out: what was written there stays between the grains. */
  skip(bytes: number): void {
    this.#position += bytes;
  }

  /** Makes a table current; the one before it is complete and follows now. */
  #enter(index: number): Uint8Array[] {
    if (this.#current === index) return [];
    const pieces: Uint8Array[] = [];
    if (this.#current !== undefined) {
      this.#directory.setUint32(this.#current * 4, this.#position / SECTOR_BYTES + 1, true);
      pieces.push(marker(MARKER.table, TABLE_BYTES), this.#table.slice());
      this.#position += lengthOf(pieces);
      this.#table.fill(0);
    }
    this.#current = index;
    return pieces;
  }
}

/** A sector that says what follows it, and how many bytes of that. */
export function marker(type: number, bytes: number): Uint8Array {
  const sector = new Uint8Array(SECTOR_BYTES);
  const view = viewOf(sector);
  view.setBigUint64(0, BigInt(bytes / SECTOR_BYTES), true);
  view.setUint32(12, type, true);
  return sector;
}

/** The error for a file that cannot grow: its sectors are counted in 32 bits. */
export function tooMuchData(): SendenseError {
  return new SendenseError('FORMAT_UNSUPPORTED', 'a sparse VMDK file holds less than 2 TiB of data', {
    operation: 'write-image',
    remedy: 'use monolithicFlat, or qcow2, raw or vhdx',
  });
}

function padded(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
