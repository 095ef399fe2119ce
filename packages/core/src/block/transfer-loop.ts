import { throwIfAborted } from '../errors/aborted.ts';
import { SendenseError } from '../errors/sendense-error.ts';
import type { Call } from '../values/call.ts';
import type { Extent } from '../values/extent.ts';
import type { BlockEndpoint } from './block-endpoint.ts';
import type { BlockIoDriver } from './block-io-driver.ts';
import type { CopyGeometry } from './copy-geometry.ts';
import type { CopyLoop } from './copy-loop.ts';
import type { CopyRequest } from './copy-request.ts';
import type { CopyBlocksResult } from './copy-result.ts';
import { destinationsOf, MoveBatch, splitMoves, sumOf } from './move-batch.ts';

/** What a copy by transfers works with. */
type TransferParts = {
  readonly driver: BlockIoDriver;
  readonly transfer: NonNullable<BlockIoDriver['transfer']>;
  readonly locate: NonNullable<CopyRequest['from']['locate']>;
  readonly to: BlockEndpoint;
};

/** The parts of a copy by transfers; `undefined` where reader, writer or driver cannot. */
async function partsOf(
  request: CopyRequest,
  sizes: CopyGeometry,
  call: Call,
): Promise<TransferParts | undefined> {
  const { from, to, driver } = request;
  const transfer = driver?.transfer?.bind(driver);
  const locate = from.locate?.bind(from);
  // The end of a disk that is not on the writer's grid is filled up: only the loop does that.
  const ends = sizes.sizeBytes % sizes.writeAlignmentBytes === 0 && to.limits.order === 'random';
  if (driver === undefined || transfer === undefined || locate === undefined || !ends) return undefined;
  const endpoint = await to.endpoint?.(call);
  if (endpoint === undefined || !driver.supports(endpoint, 'write')) return undefined;
  return { driver, transfer, locate, to: endpoint };
}

/** A run of data is located in parts of this size: where one cannot be moved the loop copies no more than that. */
const PART_BYTES = 16 * 1024 * 1024;

/**
 * Copies to a writer whose bytes lie at an endpoint as they are on the disk: the driver moves what the reader can locate,
 * the loop copies the rest. While one transfer runs the next is planned.
 */
export class TransferLoop {
  readonly #request: CopyRequest;
  readonly #sizes: CopyGeometry;
  readonly #call: Call;
  readonly #loop: CopyLoop;
  readonly #parts: TransferParts;
  #batch = new MoveBatch();
  /** The transfer under way. */
  #running: Promise<void> = Promise.resolve();
  /** Why a transfer failed: the first failure of the copy, also when planning fails beside it. */
  #failed: { readonly failure: unknown } | undefined;
  #done = 0;
  #bytesRead = 0;
  #bytesZeroed = 0;

  private constructor(
    request: CopyRequest,
    sizes: CopyGeometry,
    call: Call,
    loop: CopyLoop,
    parts: TransferParts,
  ) {
    this.#request = request;
    this.#sizes = sizes;
    this.#call = call;
    this.#loop = loop;
    this.#parts = parts;
  }

  /** A copy by transfers, or `undefined` where the loop must do all of it. */
  static async open(
    request: CopyRequest,
    sizes: CopyGeometry,
    call: Call,
    loop: CopyLoop,
  ): Promise<TransferLoop | undefined> {
    const parts = request.unchanged === undefined ? await partsOf(request, sizes, call) : undefined;
    return parts && new TransferLoop(request, sizes, call, loop, parts);
  }

  /** Copies `extents`, which must be on the grid of the writer. */
  async copy(extents: AsyncIterable<Extent>): Promise<CopyBlocksResult> {
    await this.#planAll(extents).catch((error: unknown) => {
      this.#check();
      throw error;
    });
    await this.#begin();
    await this.#running;
    const fromLoop = await this.#loop.copy(nothing());
    const written = this.#bytesRead - this.#bytesZeroed;
    return {
      bytesRead: fromLoop.bytesRead + this.#bytesRead,
      bytesWritten: fromLoop.bytesWritten + written,
      bytesZeroed: fromLoop.bytesZeroed + this.#bytesZeroed,
      bytesUnchanged: 0,
    };
  }

  /** Resolves when no transfer is under way: only then may the copy reject (invariant 9). */
  async settled(): Promise<void> {
    await this.#running.catch(() => undefined); // the copy is told
  }

  async #planAll(extents: AsyncIterable<Extent>): Promise<void> {
    for await (const extent of extents) {
      for (const part of partsOfExtent(extent)) {
        throwIfAborted(this.#call.signal, 'copy-blocks');
        this.#check();
        if (part.kind === 'zero' || !(await this.#plan(part))) await this.#copyByLoop(part);
        if (this.#batch.isFull) await this.#begin();
      }
    }
  }

  /** Throws the failure of a transfer. */
  #check(): void {
    if (this.#failed !== undefined) throw this.#failed.failure;
  }

  async #copyByLoop(extent: Extent): Promise<void> {
    await this.#running; // it may need the loop, too
    await this.#loop.copy(only(extent));
  }

  /** Adds the moves of a data extent to the batch; `false` when the driver cannot reach all of it. */
  async #plan(extent: Extent): Promise<boolean> {
    const { driver, locate } = this.#parts;
    const mark = this.#batch.mark();
    try {
      for await (const { offset, length, at } of locate(extent, this.#call)) {
        if (at === 'zero' || !driver.supports(at.endpoint, 'read')) {
          this.#batch.reset(mark);
          return false;
        }
        this.#batch.add(at.endpoint, at.offset, offset, length);
      }
    } catch (error) {
      // compressed clusters have no plain location
      if (!SendenseError.is(error, 'UNSUPPORTED')) throw error;
      this.#batch.reset(mark);
      return false;
    }
    return true;
  }

  /** Begins the transfer of the batch when that before it has ended. */
  async #begin(): Promise<void> {
    await this.#running;
    const batch = this.#batch;
    this.#batch = batch.next();
    this.#running = this.#run(batch);
    this.#running.catch((failure: unknown) => {
      this.#failed = { failure };
    });
  }

  async #run(batch: MoveBatch): Promise<void> {
    let moves = batch.packed();
    try {
      while (moves.length > 0) {
        const [now, later] = splitMoves(moves, await this.#grant(moves));
        await this.#transfer(batch.endpoints, now);
        moves = later;
      }
    } catch (error) {
      // A move past the end of an image file, where its last cluster is cut off: refused before a byte was written.
      if (!SendenseError.is(error, 'RANGE_INVALID')) throw error;
      await this.#loop.copy(destinationsOf(moves));
    }
  }

  /** How many bytes of the moves may go now. */
  async #grant(moves: Float64Array): Promise<number> {
    const { pace } = this.#request;
    const bytes = sumOf(moves);
    return pace === undefined ? bytes : await pace.take(bytes, this.#call);
  }

  async #transfer(from: readonly BlockEndpoint[], moves: Float64Array): Promise<void> {
    const { transfer, to } = this.#parts;
    const { signal, onProgress } = this.#call;
    const start = this.#done;
    const action = this.#request.to.untouched === 'zero' ? 'skip' : 'write';
    const zeros = { pieceBytes: this.#sizes.zeroPieceBytes, action } as const;
    const call: Call = {
      ...(signal && { signal }),
      ...(onProgress && {
        onProgress: ({ done }) => onProgress({ done: start + done, total: null, unit: 'bytes' }),
      }),
    };
    const result = await transfer({ from, to, digest: false, moves, zeros }, call);
    const bytes = sumOf(moves);
    this.#done += bytes;
    this.#bytesRead += bytes;
    for (let at = 2; at < result.zeros.length; at += 3) this.#bytesZeroed += result.zeros[at] ?? 0;
    onProgress?.({ done: this.#done, total: null, unit: 'bytes' });
  }
}

/** Data in parts of at most {@link PART_BYTES}; zeros as they are. */
function* partsOfExtent(extent: Extent): Generator<Extent> {
  const step = extent.kind === 'data' ? PART_BYTES : extent.length;
  const end = extent.offset + extent.length;
  for (let offset = extent.offset; offset < end; offset += step)
    yield { ...extent, offset, length: Math.min(step, end - offset) };
}

async function* only(extent: Extent): AsyncGenerator<Extent> {
  yield extent;
}

async function* nothing(): AsyncGenerator<Extent> {}
