import { type BlockReader, type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { type Limited, limitConcurrency } from '@sendense/plugin-kit';
import type { ByteSource } from './byte-source.ts';
import { checkInside } from './damage.ts';

/** What one disk keeps of its metadata in memory. */
const CACHE_BYTES = 32 * 1024 * 1024;
const PAGE_BYTES = 64 * 1024;
/** From here on bytes are file content that is read once: they go around the cache, in pieces of this size. */
const DIRECT_BYTES = 256 * 1024;
const PIECE_BYTES = 1024 * 1024;

/** Any bytes of a disk through its block reader: small reads by pages that are kept, large ones straight. */
export class DiskSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #reader: BlockReader;
  readonly #pages = new Map<number, Promise<Uint8Array>>();
  readonly #limited: Limited;
  readonly #pageBytes: number;

  /** Throws `UNSUPPORTED` for a reader that goes forwards only. */
  constructor(reader: BlockReader) {
    const { alignmentBytes, maxInFlight, order } = reader.limits;
    if (order !== 'random')
      throw new SendenseError(
        'UNSUPPORTED',
        'files are found by random reads; this disk goes forwards only',
        {
          operation: 'open-disk',
        },
      );
    this.#reader = reader;
    this.sizeBytes = reader.sizeBytes;
    this.#pageBytes = Math.max(PAGE_BYTES, alignmentBytes);
    this.#limited = limitConcurrency(maxInFlight);
  }

  async read(offset: number, into: Uint8Array, call?: Call): Promise<void> {
    throwIfAborted(call?.signal, 'read-file-system');
    checkInside(offset, into.byteLength, this.sizeBytes);
    if (into.byteLength >= DIRECT_BYTES) await this.#readDirect(offset, into, call);
    else await this.#readPages(offset, into);
    throwIfAborted(call?.signal, 'read-file-system');
  }

  async #readPages(offset: number, into: Uint8Array): Promise<void> {
    const first = Math.floor(offset / this.#pageBytes);
    const last = Math.floor((offset + into.byteLength - 1) / this.#pageBytes);
    const pages: Promise<Uint8Array>[] = [];
    for (let page = first; page <= last; page += 1) pages.push(this.#page(page));
    for (const [index, page] of (await Promise.all(pages)).entries()) {
      const start = (first + index) * this.#pageBytes;
      const from = Math.max(offset, start);
      const to = Math.min(offset + into.byteLength, start + page.byteLength);
      into.set(page.subarray(from - start, to - start), from - offset);
    }
  }

  /** Loaded once for all who wait; the caller's signal does not end it, since others may wait as well. */
  #page(index: number): Promise<Uint8Array> {
    const known = this.#pages.get(index);
    if (known !== undefined) {
      this.#pages.delete(index);
      this.#pages.set(index, known);
      return known;
    }
    const loading = this.#load(index);
    this.#pages.set(index, loading);
    loading.catch(() => this.#pages.delete(index));
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size * this.#pageBytes <= CACHE_BYTES) break;
      this.#pages.delete(oldest);
    }
    return loading;
  }

  async #load(index: number): Promise<Uint8Array> {
    const start = index * this.#pageBytes;
    const page = new Uint8Array(Math.min(this.#pageBytes, this.sizeBytes - start));
    await this.#readAligned(start, page);
    return page;
  }

  /** Widened to the grid of the reader where it has to be. */
  async #readDirect(offset: number, into: Uint8Array, call: Call | undefined): Promise<void> {
    const { alignmentBytes } = this.#reader.limits;
    const start = offset - (offset % alignmentBytes);
    const end = offset + into.byteLength;
    const widened = Math.min(
      this.sizeBytes,
      end + ((alignmentBytes - (end % alignmentBytes)) % alignmentBytes),
    );
    if (start === offset && widened === end) {
      await this.#readAligned(offset, into, call);
      return;
    }
    const bytes = new Uint8Array(widened - start);
    await this.#readAligned(start, bytes, call);
    into.set(bytes.subarray(offset - start, end - start));
  }

  async #readAligned(offset: number, into: Uint8Array, call?: Call): Promise<void> {
    const { alignmentBytes, maxBytes } = this.#reader.limits;
    const most = Math.max(alignmentBytes, Math.min(maxBytes, PIECE_BYTES));
    const pieceBytes = most - (most % alignmentBytes);
    const reads: Promise<void>[] = [];
    for (let at = 0; at < into.byteLength; at += pieceBytes) {
      const piece = into.subarray(at, at + pieceBytes);
      reads.push(this.#limited(() => this.#reader.read(offset + at, piece, call), call?.signal));
    }
    const failed = (await Promise.allSettled(reads)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
