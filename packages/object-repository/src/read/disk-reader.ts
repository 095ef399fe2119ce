import {
  type BlockLimits,
  type BlockReader,
  type ByteRange,
  type Call,
  type Extent,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { DiskMap } from '../map/disk-map.ts';
import { mapExtents } from '../map/map-extents.ts';
import { isZeroId } from '../map/map-node.ts';
import type { ChunkSource } from './chunk-source.ts';
import { RUN_BYTES } from './frame-runs.ts';

const LIMITS: BlockLimits = {
  alignmentBytes: 1,
  maxBytes: 8 * 1024 * 1024,
  maxInFlight: 32,
  order: 'random',
};

/** Reads a disk of a point anywhere; reads that follow one another are met by chunks that are on their way already. */
export class DiskReader implements BlockReader {
  readonly sizeBytes: number;
  readonly limits = LIMITS;
  readonly #map: DiskMap;
  readonly #chunks: ChunkSource;
  readonly #chunkBytes: number;
  readonly #running = new Set<Promise<unknown>>();
  #isOpen = true;
  /** Where reads began that each followed the one before, where the last one ended, and up to which chunk was read ahead. */
  #begin = 0;
  #end = 0;
  #ahead = 0;

  constructor(map: DiskMap, sizeBytes: number, chunkBytes: number, chunks: ChunkSource) {
    this.#map = map;
    this.sizeBytes = sizeBytes;
    this.#chunkBytes = chunkBytes;
    this.#chunks = chunks;
  }

  async read(offset: number, into: Uint8Array, call?: Call): Promise<void> {
    this.#enter('read-blocks', call);
    await this.#while(this.#read(offset, into));
    this.#enter('read-blocks', call); // of a reader that was closed meanwhile not all was copied
  }

  async *extents(range: ByteRange, call?: Call): AsyncGenerator<Extent> {
    this.#enter('list-extents', call);
    for await (const extent of mapExtents(this.#map, this.#chunkBytes, range, call)) {
      yield extent;
      this.#enter('list-extents', call);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    this.#chunks.forget(this);
    await Promise.allSettled(this.#running);
  }

  async #read(offset: number, into: Uint8Array): Promise<void> {
    const first = Math.floor(offset / this.#chunkBytes);
    const end = Math.ceil((offset + into.byteLength) / this.#chunkBytes);
    const follows = offset === this.#end;
    if (!follows) [this.#begin, this.#ahead] = [offset, 0];
    this.#end = offset + into.byteLength;
    const ids = await this.#ids(first, end);
    const copy = (index: number, chunk?: Uint8Array): void => {
      if (this.#isOpen) copyChunk((first + index) * this.#chunkBytes, this.#chunkBytes, chunk, offset, into);
    };
    const stored = [...ids.entries()].filter(([, id]) => !isZeroId(id));
    const copied = this.#chunks.useAll(
      stored.map(([, id]) => id),
      (chunk, at) => copy(stored[at]?.[0] ?? 0, chunk),
    );
    for (const [index, id] of ids.entries()) if (isZeroId(id)) copy(index);
    if (follows) this.#readAhead(end);
    const settled = await Promise.allSettled(copied); // nothing is written any more when a failure is told
    const failure = settled.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  /** Reads ahead what fills the requests that pay, but no more than was read so far: who looks at the start of a disk wants little of it. */
  #readAhead(from: number): void {
    if (!this.#isOpen) return; // nobody waits for it any more, and nobody would forget it
    const most = Math.floor(this.#chunks.aheadBytesOf(this) / this.#chunkBytes);
    const single = this.#chunks.width * 2;
    const whole = single * Math.max(1, Math.floor(RUN_BYTES / this.#chunkBytes));
    const followed = Math.floor((this.#end - this.#begin) / this.#chunkBytes);
    const depth = Math.min(most, whole, Math.max(single, followed));
    const start = Math.max(from, Math.min(this.#ahead, from + depth));
    const end = Math.min(from + depth, this.#map.chunks);
    if (end - start < Math.min(depth / 2, this.#map.chunks - start) || start >= end) return;
    this.#ahead = end;
    const reading = this.#ids(start, end)
      .then((ids) => ids.filter((id) => !isZeroId(id)))
      .then((ids) => Promise.allSettled(this.#chunks.useAll(ids, () => undefined)))
      .catch(() => undefined); // who reads there is told
    void this.#while(reading);
  }

  async #ids(first: number, end: number): Promise<readonly Uint8Array[]> {
    const ids: Uint8Array[] = [];
    for (let chunk = first; chunk < end; chunk += 1) ids.push(await this.#map.idAt(chunk));
    return ids;
  }

  async #while<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  #enter(operation: string, call: Call | undefined): void {
    if (!this.#isOpen) throw new SendenseError('NOT_OPEN', 'the reader is closed', { operation });
    throwIfAborted(call?.signal, operation);
  }
}

/** Copies what of a chunk at `start` belongs to `into`, which begins at `offset`; what the chunk does not hold is zeros. */
function copyChunk(
  start: number,
  chunkBytes: number,
  chunk: Uint8Array | undefined,
  offset: number,
  into: Uint8Array,
): void {
  const from = Math.max(start, offset);
  const to = Math.min(start + chunkBytes, offset + into.byteLength);
  const target = into.subarray(from - offset, to - offset);
  const stored = chunk?.subarray(from - start, to - start) ?? new Uint8Array();
  target.set(stored);
  target.fill(0, stored.byteLength);
}
