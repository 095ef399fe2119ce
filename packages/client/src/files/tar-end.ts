import { SendenseError } from '@sendense/core';
import type { ArchiveEnd } from './archive-end.ts';

// Layout: POSIX.1-2024, pax: ustar Interchange Format and pax Header Block.
const BLOCK_BYTES = 512;
/** The longest names are some thousands of bytes; attributes may stand beside them. */
const MOST_RECORDS_BYTES = 4 * 1024 * 1024;

/** An extended header on its way. */
type Records = { readonly bytes: Buffer; readonly sizeBytes: number; at: number };

/**
 * The end of a tar archive: two blocks of zeros where a header would be. Content is passed over by its size: zeros of a file that was cut
 * there are no end.
 */
export class TarEnd implements ArchiveEnd {
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  #filled = 0;
  /** Bytes of content that are still to pass. */
  #contentBytes = 0;
  #records: Records | undefined;
  /** What an extended header says of the entry that follows. */
  #longSizeBytes: number | undefined;
  #zeroBlocks = 0;

  get isReached(): boolean {
    return this.#zeroBlocks === 2;
  }

  push(piece: Uint8Array): void {
    for (let at = 0; at < piece.length && !this.isReached; ) {
      const passed = Math.min(this.#contentBytes, piece.length - at);
      this.#contentBytes -= passed;
      at += passed;
      const taken = piece.subarray(at, at + BLOCK_BYTES - this.#filled);
      this.#block.set(taken, this.#filled);
      at += taken.length;
      this.#filled += taken.length;
      if (this.#filled < BLOCK_BYTES) return;
      this.#filled = 0;
      this.#take(this.#block);
    }
  }

  #take(block: Buffer): void {
    if (this.#records !== undefined) this.#records = this.#takeRecords(block, this.#records);
    else if (block.every((byte) => byte === 0)) this.#zeroBlocks += 1;
    else this.#takeHeader(block);
  }

  #takeHeader(block: Buffer): void {
    const isExtended = block.toString('latin1', 156, 157) === 'x';
    const sizeBytes = sizeOf(block);
    this.#zeroBlocks = 0;
    if (isExtended && sizeBytes > 0) {
      if (sizeBytes > MOST_RECORDS_BYTES) throw noTar('an extended header is too long');
      this.#records = { bytes: Buffer.alloc(padded(sizeBytes)), sizeBytes, at: 0 };
      return;
    }
    this.#contentBytes = padded(this.#longSizeBytes ?? sizeBytes);
    this.#longSizeBytes = undefined;
  }

  /** `undefined` when they have all come. */
  #takeRecords(block: Buffer, records: Records): Records | undefined {
    const { bytes, sizeBytes } = records;
    bytes.set(block, records.at);
    records.at += BLOCK_BYTES;
    if (records.at < bytes.length) return records;
    this.#longSizeBytes = sizeIn(bytes.subarray(0, sizeBytes));
    return undefined;
  }
}

function padded(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** The size that a header has in octal digits. */
function sizeOf(header: Buffer): number {
  if (header.toString('latin1', 257, 262) !== 'ustar') throw noTar('a header is none');
  const [, digits] = /^([0-7]{1,12})[\0 ]*$/u.exec(header.toString('latin1', 124, 136)) ?? [];
  if (digits === undefined) throw noTar('a size is no number');
  return Number.parseInt(digits, 8);
}

/** The size in records of the form "length key=value\n", the length counting itself. */
function sizeIn(records: Buffer): number | undefined {
  let sizeBytes: number | undefined;
  for (let at = 0; at < records.length; ) {
    const [begin, length, size] =
      /^(\d{1,7}) (?:size=(\d{1,15})\n)?/u.exec(records.toString('latin1', at, at + 32)) ?? [];
    const next = at + Number(length);
    if (begin === undefined || next < at + begin.length || next > records.length)
      throw noTar('an extended header is none');
    if (size !== undefined) sizeBytes = Number(size);
    at = next;
  }
  return sizeBytes;
}

function noTar(why: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the answer is no tar archive: ${why}`, {
    operation: 'downloadFile',
  });
}
