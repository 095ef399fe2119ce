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
import { MoveBatch, splitMoves } from './move-batch.ts';
import { MOVE_SLOTS } from './transfer.ts';

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

/**
 * Copies to a writer whose bytes lie at an endpoint as they are on the disk: the driver moves what the reader can locate,
 * the loop copies the rest.
 */
export class TransferLoop {
  readonly #request: CopyRequest;
  readonly #sizes: CopyGeometry;
  readonly #call: Call;
  readonly #loop: CopyLoop;
  readonly #parts: TransferParts;
  #batch = new MoveBatch();
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
    let fromLoop = await this.#loop.copy(nothing());
    for await (const extent of extents) {
      throwIfAborted(this.#call.signal, 'copy-blocks');
      if (extent.kind === 'zero' || !(await this.#plan(extent)))
        fromLoop = await this.#loop.copy(only(extent));
      if (this.#batch.isFull) fromLoop = (await this.#run()) ?? fromLoop;
    }
    fromLoop = (await this.#run()) ?? fromLoop;
    const written = this.#bytesRead - this.#bytesZeroed;
    return {
      bytesRead: fromLoop.bytesRead + this.#bytesRead,
      bytesWritten: fromLoop.bytesWritten + written,
      bytesZeroed: fromLoop.bytesZeroed + this.#bytesZeroed,
      bytesUnchanged: 0,
    };
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

  /** Runs the batch; gives the loop's result when the loop had to do a part of it. */
  async #run(): Promise<CopyBlocksResult | undefined> {
    const { endpoints } = this.#batch;
    let moves = this.#batch.packed();
    this.#batch = new MoveBatch();
    try {
      while (moves.length > 0) {
        const [now, later] = splitMoves(moves, await this.#grant(moves));
        await this.#transfer(endpoints, now);
        moves = later;
      }
      return undefined;
    } catch (error) {
      // A move past the end of an image file, where its last cluster is cut off: refused before a byte was written.
      if (!SendenseError.is(error, 'RANGE_INVALID')) throw error;
      return await this.#loop.copy(destinationsOf(moves));
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

function sumOf(moves: Float64Array): number {
  let bytes = 0;
  for (let at = MOVE_SLOTS - 1; at < moves.length; at += MOVE_SLOTS) bytes += moves[at] ?? 0;
  return bytes;
}

/** What moves copy: at the destination, bytes lie as they are on the disk. */
async function* destinationsOf(moves: Float64Array): AsyncGenerator<Extent> {
  for (let at = 0; at < moves.length; at += MOVE_SLOTS) {
    const [, , offset = 0, length = 0] = moves.subarray(at, at + MOVE_SLOTS);
    yield { offset, length, kind: 'data' };
  }
}

async function* only(extent: Extent): AsyncGenerator<Extent> {
  yield extent;
}

async function* nothing(): AsyncGenerator<Extent> {}
