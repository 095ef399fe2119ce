import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfAborted } from '../errors/aborted.ts';
import type { Call } from '../values/call.ts';
import type { Extent } from '../values/extent.ts';
import type { CopyGeometry } from './copy-geometry.ts';
import type { CopyRequest, UnchangedPieces } from './copy-request.ts';
import type { CopyBlocksResult } from './copy-result.ts';
import { Lanes } from './lanes.ts';
import { isZeroBytes } from './zero-bytes.ts';

/** A range to settle at the destination; `buffer` holds its bytes from `start` on, or nothing when they are zeros. */
type Piece = {
  readonly offset: number;
  readonly end: number;
  readonly start: number;
  readonly buffer: Buffer | undefined;
  readonly ready: Promise<void>;
};

const READY = Promise.resolve();

/** More lanes than this gain nothing and cost memory for their promises. */
const MAX_LANES = 64;

/** A hole of many TiB is asked about piece by piece; the event loop gets its turn in between. */
const PIECES_A_TURN = 4096;

function lanesOf(limits: { readonly maxInFlight: number; readonly order: 'random' | 'ascending' }): Lanes {
  return new Lanes(limits.order === 'ascending' ? 1 : Math.min(limits.maxInFlight, MAX_LANES));
}

/** One copy through buffers of a fixed pool: reads run ahead of the oldest piece, writes follow in its order. */
export class CopyLoop {
  readonly #request: CopyRequest;
  readonly #sizes: CopyGeometry;
  readonly #call: Call;
  readonly #reads: Lanes;
  readonly #writes: Lanes;
  readonly #free: Buffer[] = [];
  readonly #queue: Piece[] = [];
  readonly #writing = new Set<Promise<void>>();
  #allocated = 0;
  #failure: { readonly error: unknown } | undefined;
  #done = 0;
  #turns = 0;
  #asked = { offset: -1, unchanged: false };
  #run = { offset: 0, end: 0, zero: false };
  #bytesRead = 0;
  #bytesWritten = 0;
  #bytesZeroed = 0;
  #bytesUnchanged = 0;

  constructor(request: CopyRequest, sizes: CopyGeometry, call: Call) {
    this.#request = request;
    this.#sizes = sizes;
    this.#call = call;
    this.#reads = lanesOf(request.from.limits);
    this.#writes = lanesOf(request.to.limits);
  }

  /** Copies `extents`, which must be on the grid of the writer. */
  async copy(extents: AsyncIterable<Extent>): Promise<CopyBlocksResult> {
    for await (const extent of extents) {
      const end = extent.offset + extent.length;
      if (extent.kind === 'zero') await this.#enqueueZeros(extent.offset, end);
      else await this.#enqueueData(extent.offset, end);
    }
    while (this.#queue.length > 0) await this.#settleOldest();
    await Promise.all(this.#writing);
    this.#check();
    return {
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      bytesZeroed: this.#bytesZeroed,
      bytesUnchanged: this.#bytesUnchanged,
    };
  }

  /** Resolves when no read or write is under way: only then may the copy reject (invariant 9). */
  async settled(): Promise<void> {
    await this.#reads.settled();
    await this.#writes.settled();
  }

  #check(): void {
    throwIfAborted(this.#call.signal, 'copy-blocks');
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #enqueueZeros(offset: number, end: number): Promise<void> {
    this.#check();
    if (this.#queue.length >= this.#sizes.buffers) await this.#settleOldest();
    this.#queue.push({ offset, end, start: offset, buffer: undefined, ready: READY });
  }

  async #enqueueData(offset: number, end: number): Promise<void> {
    const { pieceBytes, readAlignmentBytes, sizeBytes } = this.#sizes;
    for (let from = offset; from < end; ) {
      const to = Math.min(end, from - (from % pieceBytes) + pieceBytes);
      const buffer = await this.#buffer();
      const start = from - (from % readAlignmentBytes);
      const up = to + readAlignmentBytes - 1;
      const length = Math.min(sizeBytes, up - (up % readAlignmentBytes)) - start;
      const ready = this.#reads.run(() => this.#read(start, buffer, length));
      this.#queue.push({ offset: from, end: to, start, buffer, ready });
      from = to;
    }
  }

  async #buffer(): Promise<Buffer> {
    for (;;) {
      this.#check();
      const free = this.#free.pop();
      if (free !== undefined) return free;
      if (this.#allocated < this.#sizes.buffers) {
        this.#allocated += 1;
        return Buffer.allocUnsafeSlow(this.#sizes.pieceBytes);
      }
      if (this.#queue.length > 0) await this.#settleOldest();
      else await Promise.race(this.#writing);
    }
  }

  async #read(offset: number, buffer: Buffer, length: number): Promise<void> {
    const { from, pace } = this.#request;
    if (pace !== undefined) {
      let granted = 0;
      while (granted < length) {
        this.#check();
        granted += await pace.take(length - granted, this.#call);
      }
    }
    for (let done = 0; done < length; ) {
      this.#check();
      const part = Math.min(length - done, this.#sizes.maxReadBytes);
      await from.read(offset + done, buffer.subarray(done, done + part), this.#call);
      done += part;
    }
    this.#bytesRead += length;
  }

  /** Waits for the oldest piece's bytes, decides what becomes of them, and starts the writes. */
  async #settleOldest(): Promise<void> {
    const piece = this.#queue.shift();
    if (piece === undefined) return;
    await piece.ready;
    this.#check();
    const writes: Promise<void>[] = [];
    this.#run = { offset: piece.offset, end: piece.offset, zero: false };
    if (this.#request.unchanged === undefined) this.#splitZeros(piece, piece.offset, piece.end, writes);
    else await this.#splitUnchanged(piece, this.#request.unchanged, writes);
    this.#endRun(piece, writes);
    this.#track(piece, writes);
    // Writing must not fall behind without bound while zeros, which need no buffer, are queued.
    if (this.#writing.size > this.#sizes.buffers) await Promise.race(this.#writing);
  }

  #track(piece: Piece, writes: readonly Promise<void>[]): void {
    const tracked = Promise.all(writes)
      .then(() => {
        if (piece.buffer !== undefined) this.#free.push(piece.buffer);
        this.#done += piece.end - piece.offset;
        this.#call.onProgress?.({ done: this.#done, total: null, unit: 'bytes' });
      })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#writing.delete(tracked));
    this.#writing.add(tracked);
  }

  async #splitUnchanged(piece: Piece, unchanged: UnchangedPieces, writes: Promise<void>[]): Promise<void> {
    const { sizeBytes, writeAlignmentBytes } = this.#sizes;
    const blockBytes = Math.max(unchanged.pieceBytes, writeAlignmentBytes);
    for (let from = piece.offset; from < piece.end; ) {
      const offset = from - (from % blockBytes);
      const end = Math.min(sizeBytes, offset + blockBytes);
      const to = Math.min(end, piece.end);
      if (await this.#isUnchanged(piece, offset, end, unchanged)) {
        this.#endRun(piece, writes);
        this.#bytesUnchanged += to - from;
      } else {
        this.#splitZeros(piece, from, to, writes);
      }
      from = to;
    }
  }

  /** Whether every piece of a block is unchanged. A block that comes twice (part of it was durable) is asked about once. */
  async #isUnchanged(
    piece: Piece,
    offset: number,
    end: number,
    unchanged: UnchangedPieces,
  ): Promise<boolean> {
    if (this.#asked.offset === offset) return this.#asked.unchanged;
    const { buffer, start } = piece;
    let same = true;
    for (let from = offset; from < end; from += unchanged.pieceBytes) {
      const to = Math.min(end, from + unchanged.pieceBytes);
      const zero = buffer === undefined || isZeroBytes(buffer, from - start, to - start);
      const data = zero ? 'zero' : buffer.subarray(from - start, to - start);
      const answer = unchanged.test({ offset: from, length: to - from }, data);
      if (!(typeof answer === 'boolean' ? answer : await answer)) same = false;
      this.#turns += 1;
      if (this.#turns % PIECES_A_TURN === 0) await nextTurn();
      this.#check();
    }
    this.#asked = { offset, unchanged: same };
    return same;
  }

  #splitZeros(piece: Piece, offset: number, end: number, writes: Promise<void>[]): void {
    const { buffer, start } = piece;
    if (buffer === undefined) {
      this.#extendRun(piece, offset, end, true, writes);
      return;
    }
    const { zeroPieceBytes } = this.#sizes;
    for (let from = offset; from < end; ) {
      const to = Math.min(end, from - (from % zeroPieceBytes) + zeroPieceBytes);
      this.#extendRun(piece, from, to, isZeroBytes(buffer, from - start, to - start), writes);
      from = to;
    }
  }

  #extendRun(piece: Piece, offset: number, end: number, zero: boolean, writes: Promise<void>[]): void {
    if (this.#run.end !== offset || this.#run.zero !== zero) {
      this.#endRun(piece, writes);
      this.#run = { offset, end: offset, zero };
    }
    this.#run.end = end;
  }

  #endRun(piece: Piece, writes: Promise<void>[]): void {
    const { offset, end, zero } = this.#run;
    this.#run = { offset: end, end, zero };
    if (end === offset) return;
    const until = this.#padded(end);
    if (zero || piece.buffer === undefined) {
      writes.push(this.#start(() => this.#zero(offset, end, until)));
      return;
    }
    const { buffer, start } = piece;
    if (until > end) buffer.fill(0, end - start, until - start);
    writes.push(this.#start(() => this.#write(buffer, start, offset, end, until)));
  }

  /** Queues a write. Its failure is noted at once, so that no other lane starts one after it (invariant 8). */
  #start(write: () => Promise<void>): Promise<void> {
    return this.#writes.run(async () => {
      this.#check();
      try {
        await write();
      } catch (error) {
        this.#failure ??= { error };
        throw error;
      }
    });
  }

  /** The end of a disk whose size is not on the writer's grid is filled up with zeros: there is nothing behind it. */
  #padded(end: number): number {
    const { sizeBytes, writeAlignmentBytes } = this.#sizes;
    if (end !== sizeBytes) return end;
    const up = end + writeAlignmentBytes - 1;
    return Math.min(this.#request.to.sizeBytes, up - (up % writeAlignmentBytes));
  }

  async #zero(offset: number, end: number, until: number): Promise<void> {
    await this.#request.to.zero(offset, until - offset, this.#call);
    this.#bytesZeroed += end - offset;
  }

  async #write(buffer: Buffer, start: number, offset: number, end: number, until: number): Promise<void> {
    for (let from = offset; from < until; ) {
      this.#check();
      const to = Math.min(until, from + this.#sizes.maxWriteBytes);
      await this.#request.to.write(from, buffer.subarray(from - start, to - start), this.#call);
      from = to;
    }
    this.#bytesWritten += end - offset;
  }
}
