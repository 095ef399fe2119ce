import {
  type BlockEndpoint,
  type BlockIoDriver,
  type BlockReader,
  type BlockWriter,
  type Call,
  type CopyOptions,
  type CopyResult,
  type Extent,
  type FileEndpoint,
  MOVE_SLOTS,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { CopyItem } from '../copy/copy-items.ts';
import { locateItems } from '../copy/locate-items.ts';
import { type BlockPart, partsOf } from './block-parts.ts';
import type { BlockPlaces } from './block-places.ts';
import { type Move, MoveQueue } from './move-queue.ts';
import { ZeroScan } from './zero-scan.ts';

/** Zeros of this size and alignment are left out. */
export const ZERO_PIECE_BYTES = 65_536;

/** Every disk is whole sectors: what is cut finer goes through the loop. */
const GRID_BYTES = 512;

/** What {@link BlockTransfers} work with. */
export type BlockTransferParts = {
  readonly places: BlockPlaces;
  readonly zero: BlockWriter['zero'];
  readonly loop: (extents: AsyncIterable<Extent>, options: CopyOptions) => Promise<CopyResult>;
  readonly source: BlockReader;
  readonly locate: NonNullable<BlockReader['locate']>;
  readonly driver: BlockIoDriver;
  readonly to: FileEndpoint;
  /** Nothing was written to the image before. */
  readonly isPristine: boolean;
};

/** One copy into the blocks of an image by transfers, and through the loop where these cannot reach. */
export class BlockTransfers {
  readonly #parts: BlockTransferParts;
  readonly #options: CopyOptions;
  readonly #queue = new MoveQueue();
  readonly #scan: ZeroScan;
  /** Room that was taken for blocks, until it is known whether they hold anything. */
  readonly #pending = new Map<number, number>();
  /** Blocks from here on were empty when the copy began: what is left out there reads as zeros. */
  readonly #freshFrom: number;
  readonly #result = { bytesRead: 0, bytesWritten: 0, bytesZeroed: 0 };
  #done = 0;

  constructor(parts: BlockTransferParts, options: CopyOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#scan = new ZeroScan(parts.source);
    this.#freshFrom = parts.isPristine ? 0 : parts.places.endBytes;
  }

  async copy(extents: AsyncIterable<Extent>): Promise<CopyResult> {
    const { locate, driver } = this.#parts;
    const isReachable = (endpoint: BlockEndpoint) => driver.supports(endpoint, 'read');
    const request = { locate, isReachable, clusterBytes: GRID_BYTES };
    const { signal } = this.#options;
    for await (const extent of extents) {
      throwIfAborted(signal, 'copy-blocks');
      if (extent.kind === 'zero') await this.#zero(extent);
      else
        for await (const item of locateItems(request, extent, signal ? { signal } : {})) {
          if (item.kind === 'data') await this.#add(item);
          else await (item.kind === 'zero' ? this.#zero(item) : this.#loop(item));
        }
    }
    await this.#run();
    return this.#result;
  }

  async #add(item: Extract<CopyItem, { kind: 'data' }>): Promise<void> {
    for (const part of partsOf(item, this.#parts.places.blockBytes)) {
      const position = await this.#roomFor(part);
      if (position === 'none-needed') {
        this.#count({ bytesRead: part.length, bytesWritten: 0, bytesZeroed: part.length });
        continue;
      }
      if (position === undefined) {
        await this.#loop(part);
        continue;
      }
      const source = item.source + part.offset - item.offset;
      this.#queue.add({ ...part, from: item.from, source, to: position + part.within });
      if (this.#queue.isFull) await this.#run();
    }
  }

  /**
   * Where a driver may write to a block; `undefined` where zeros may not be left out. Zeros alone get no room: what is
   * given back between other blocks would stay in the file.
   */
  async #roomFor({ block, offset, length }: BlockPart): Promise<number | 'none-needed' | undefined> {
    const { places } = this.#parts;
    const pending = this.#pending.get(block);
    if (pending !== undefined) return pending;
    const found = await places.find(block);
    if (found !== undefined) return found >= this.#freshFrom ? found : undefined;
    if (await this.#scan.isZero({ offset, length }, this.#options)) return 'none-needed';
    const position = await places.take();
    this.#pending.set(block, position);
    return position;
  }

  /** Moves everything that waits, as fast as the pace allows. */
  async #run(): Promise<void> {
    const filled = new Set<number>();
    const { pace, signal } = this.#options;
    while (this.#queue.bytes > 0) {
      throwIfAborted(signal, 'copy-blocks');
      const bytes = (await pace?.take(this.#queue.bytes, signal ? { signal } : {})) ?? this.#queue.bytes;
      const moves = this.#queue.take(bytes);
      const zeros = await this.#transfer(moves);
      if (zeros === undefined) {
        await this.#settle(filled);
        for (const move of moves) await this.#loop(move);
        continue;
      }
      for (const [index, { block, length }] of moves.entries()) {
        const zeroed = zeros.get(index) ?? 0;
        if (zeroed < length) filled.add(block);
        this.#count({ bytesRead: length, bytesWritten: length - zeroed, bytesZeroed: zeroed });
      }
    }
    await this.#settle(filled);
  }

  /** Zeros found, in bytes by move; `undefined` when the driver refused before it wrote: a source that is cut short. */
  async #transfer(moves: readonly Move[]): Promise<ReadonlyMap<number, number> | undefined> {
    const { driver, to } = this.#parts;
    const { signal } = this.#options;
    const from = [...new Set(moves.map((move) => move.from))];
    const packed = new Float64Array(moves.length * MOVE_SLOTS);
    for (const [index, move] of moves.entries())
      packed.set([from.indexOf(move.from), move.source, move.to, move.length], index * MOVE_SLOTS);
    const zeros = { pieceBytes: ZERO_PIECE_BYTES, action: 'skip' } as const;
    try {
      const result = await driver.transfer?.(
        { from, to, digest: false, moves: packed, zeros },
        signal ? { signal } : {},
      );
      return zeroBytes(result?.zeros ?? new Float64Array());
    } catch (error) {
      if (SendenseError.is(error, 'RANGE_INVALID')) return undefined;
      throw error;
    }
  }

  /** Gives the room that holds anything to its blocks, and the other back. */
  async #settle(filled: ReadonlySet<number>): Promise<void> {
    const { places } = this.#parts;
    for (const [block, position] of this.#pending) {
      if (filled.has(block)) await places.refer(block, position);
      else if (!this.#queue.waitsFor(block)) places.giveBack(position);
      else continue;
      this.#pending.delete(block);
    }
  }

  async #zero({ offset, length }: { readonly offset: number; readonly length: number }): Promise<void> {
    await this.#parts.zero(offset, length, this.#call());
    this.#count({ bytesRead: 0, bytesWritten: 0, bytesZeroed: length });
  }

  async #loop({ offset, length }: { readonly offset: number; readonly length: number }): Promise<void> {
    if (this.#queue.bytes > 0) await this.#run();
    const { onProgress: _, ...options } = this.#options;
    const extent: Extent = { offset, length, kind: 'data' };
    this.#count(await this.#parts.loop(only(extent), options));
  }

  #count({ bytesRead, bytesWritten, bytesZeroed }: CopyResult): void {
    this.#result.bytesRead += bytesRead;
    this.#result.bytesWritten += bytesWritten;
    this.#result.bytesZeroed += bytesZeroed;
    this.#done += bytesWritten + bytesZeroed;
    this.#options.onProgress?.({ done: this.#done, total: null, unit: 'bytes' });
  }

  #call(): Call {
    const { signal } = this.#options;
    return signal ? { signal } : {};
  }
}

function zeroBytes(zeros: Float64Array): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (let at = 0; at < zeros.length; at += 3) {
    const move = zeros[at] ?? 0;
    found.set(move, (found.get(move) ?? 0) + (zeros[at + 2] ?? 0));
  }
  return found;
}

async function* only(extent: Extent): AsyncGenerator<Extent> {
  yield extent;
}
