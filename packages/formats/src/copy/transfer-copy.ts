import {
  type BlockEndpoint,
  type BlockIoDriver,
  type BlockReader,
  type Call,
  type CopyOptions,
  type CopyResult,
  type Extent,
  type FileEndpoint,
  SendenseError,
  type TransferResult,
  throwIfAborted,
} from '@sendense/core';
import { type CopyItem, CopyItems } from './copy-items.ts';
import type { ClusterPlacer, CopySink } from './copy-sink.ts';
import { copyThroughLoop } from './copy-through-loop.ts';
import { locateItems } from './locate-items.ts';
import { PaceCredit } from './pace-credit.ts';
import { placedRuns } from './placed-runs.ts';

const DIGEST_BYTES = 32;

/** What a {@link TransferCopy} works with. */
export type TransferCopyParts = {
  readonly placer: ClusterPlacer;
  readonly sink: CopySink;
  readonly source: BlockReader;
  readonly locate: NonNullable<BlockReader['locate']>;
  readonly driver: BlockIoDriver;
  readonly to: FileEndpoint;
};

/** Moves of one transfer: packed, with the offset on the disk of each. */
type Moves = {
  readonly from: readonly BlockEndpoint[];
  readonly packed: Float64Array;
  readonly offsets: readonly number[];
};

/** One copy into an image by transfers, and through the loop where these cannot reach. */
export class TransferCopy {
  readonly #parts: TransferCopyParts;
  readonly #options: CopyOptions;
  readonly #items = new CopyItems();
  readonly #endpoints = new Map<string, BlockEndpoint>();
  readonly #credit: PaceCredit;
  #done = 0;
  readonly #result = { bytesRead: 0, bytesWritten: 0, bytesZeroed: 0 };

  constructor(parts: TransferCopyParts, options: CopyOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#credit = new PaceCredit(options.pace, parts.placer.clusterBytes);
  }

  async copy(extents: AsyncIterable<Extent>): Promise<CopyResult> {
    const { locate, driver, placer } = this.#parts;
    const isReachable = (endpoint: BlockEndpoint) => driver.supports(endpoint, 'read');
    const request = { locate, isReachable, clusterBytes: placer.clusterBytes };
    const { signal } = this.#options;
    for await (const extent of extents) {
      throwIfAborted(signal, 'copy-blocks');
      if (extent.kind === 'zero') await this.#add({ ...extent, kind: 'zero' });
      else {
        const located = locateItems(request, extent, signal ? { signal } : {});
        for await (const item of located) await this.#add(item);
      }
    }
    await this.#run();
    return this.#result;
  }

  /** One object for each endpoint: every one that a transfer names is opened. */
  #known(endpoint: BlockEndpoint): BlockEndpoint {
    const key = JSON.stringify(endpoint);
    const known = this.#endpoints.get(key) ?? endpoint;
    this.#endpoints.set(key, known);
    return known;
  }

  async #add(item: CopyItem): Promise<void> {
    if (item.kind !== 'data') {
      this.#items.add(item);
      if (this.#items.isFull) await this.#run();
      return;
    }
    const from = this.#known(item.from);
    for (let at = 0; at < item.length; ) {
      const length = Math.min(item.length - at, this.#items.room);
      this.#items.add({ ...item, from, offset: item.offset + at, source: item.source + at, length });
      at += length;
      if (this.#items.isFull) await this.#run();
    }
  }

  /** Copies everything that waits. */
  async #run(): Promise<void> {
    for (let first = this.#items.first; first !== undefined; first = this.#items.first) {
      throwIfAborted(this.#options.signal, 'copy-blocks');
      const { kind } = first;
      if (kind === 'data') await this.#transfer(first.offset);
      else {
        const items = this.#items.take((item) => item.kind === kind, Infinity, Infinity);
        if (kind === 'loop') await this.#loop(items);
        else for (const { offset, length } of items) await this.#zero(offset, length);
      }
    }
  }

  /** Moves what waits from `offset` on, as far as it goes with one transfer. */
  async #transfer(offset: number): Promise<void> {
    const { placer } = this.#parts;
    const { position, length, end } = await placer.reserve(offset, this.#items.waiting);
    const bytes = await this.#credit.take(length, this.#callOf());
    const items = this.#items.take(({ kind }) => kind !== 'loop', end, bytes);
    const moves = this.#movesOf(items, position);
    const result = await this.#move(moves);
    if (result === undefined) await this.#loop(items);
    else await this.#settle(items, moves, result);
  }

  #movesOf(items: readonly CopyItem[], position: number): Moves {
    const { placer, sink } = this.#parts;
    const indexes = new Map<BlockEndpoint, number>();
    const slots: number[] = [];
    const offsets: number[] = [];
    let to = position;
    for (const item of items) {
      if (item.kind !== 'data') continue;
      const index = indexes.get(item.from) ?? indexes.size;
      indexes.set(item.from, index);
      // A digest is of one cluster.
      const step = sink.takesDigests ? placer.clusterBytes : item.length;
      for (let at = 0; at < item.length; at += step, to += step) {
        slots.push(index, item.source + at, to, step);
        offsets.push(item.offset + at);
      }
    }
    return { from: [...indexes.keys()], packed: Float64Array.from(slots), offsets };
  }

  /** Runs a transfer; `undefined` when the driver refused it before it wrote, where a source's last cluster is cut off. */
  async #move({ from, packed: moves }: Moves): Promise<TransferResult | undefined> {
    const { driver, to, sink, placer } = this.#parts;
    const zeros = { pieceBytes: placer.clusterBytes, action: 'pack' } as const;
    try {
      return await driver.transfer?.({ from, to, digest: sink.takesDigests, moves, zeros }, this.#callOf());
    } catch (error) {
      if (SendenseError.is(error, 'RANGE_INVALID')) return undefined;
      throw error;
    }
  }

  /** Tells the sink what became of the items, in their order. */
  async #settle(items: readonly CopyItem[], moves: Moves, result: TransferResult): Promise<void> {
    const { sink, placer } = this.#parts;
    const { digests = new Uint8Array() } = result;
    const zeros = items.filter(({ kind }) => kind === 'zero');
    const zerosBefore = async (offset: number): Promise<void> => {
      for (let [next] = zeros; next !== undefined && next.offset < offset; [next] = zeros) {
        zeros.shift();
        await this.#zero(next.offset, next.length);
      }
    };
    for (const { offset, length, kind, move } of placedRuns(moves.packed, moves.offsets, result)) {
      await zerosBefore(offset);
      this.#result.bytesRead += length;
      if (kind === 'zero') await this.#zero(offset, length);
      else {
        const from = move * DIGEST_BYTES;
        const count = length / placer.clusterBytes;
        await sink.placed(offset, length, digests.subarray(from, from + count * DIGEST_BYTES));
        this.#result.bytesWritten += length;
        this.#advance(length);
      }
    }
    await zerosBefore(Infinity);
  }

  async #zero(offset: number, length: number): Promise<void> {
    await this.#parts.sink.zero(offset, length, this.#callOf());
    this.#result.bytesZeroed += length;
    this.#advance(length);
  }

  async #loop(items: readonly CopyItem[]): Promise<void> {
    const { source, sink } = this.#parts;
    const result = await copyThroughLoop(source, sink, extentsOf(items), {
      ...this.#options,
      ...this.#callOf(),
    });
    this.#result.bytesRead += result.bytesRead;
    this.#result.bytesWritten += result.bytesWritten;
    this.#result.bytesZeroed += result.bytesZeroed;
    this.#advance(items.reduce((sum, { length }) => sum + length, 0));
  }

  #advance(bytes: number): void {
    this.#done += bytes;
    this.#options.onProgress?.({ done: this.#done, total: null, unit: 'bytes' });
  }

  /** A part of the call: what it reports is added to what was done before. */
  #callOf(): Call {
    const { signal, onProgress } = this.#options;
    const start = this.#done;
    return {
      ...(signal && { signal }),
      ...(onProgress && {
        onProgress: ({ done }) => onProgress({ done: start + done, total: null, unit: 'bytes' }),
      }),
    };
  }
}

async function* extentsOf(items: readonly CopyItem[]): AsyncGenerator<Extent> {
  for (const { offset, length, kind } of items)
    yield { offset, length, kind: kind === 'zero' ? 'zero' : 'data' };
}
