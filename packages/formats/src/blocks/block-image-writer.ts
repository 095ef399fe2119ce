import type {
  BlockReader,
  ByteRange,
  Call,
  CopyOptions,
  CopyResult,
  Extent,
  FileEndpoint,
} from '@sendense/core';
import { type FileHandle, writeZeros } from '@sendense/plugin-kit/files';
import { WrittenPieces } from '../raw/written-pieces.ts';
import type { ResumableWriter, WriterCheckpoint } from '../writer-checkpoint.ts';
import { WriterState } from '../writer-state.ts';
import { partsOf } from './block-parts.ts';
import type { BlockPlaces } from './block-places.ts';
import { copyIntoBlocks } from './copy-into-blocks.ts';

/** What a {@link BlockImageWriter} is made of; it owns the handle of a new, empty file. */
export type BlockImageWriterOptions = {
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  readonly alignmentBytes: number;
  readonly places: BlockPlaces;
  /** Makes the file a complete, durable image, after any number of changes. */
  readonly complete: () => Promise<void>;
  /** By what a driver reaches the same file. */
  readonly endpoint?: FileEndpoint;
};

/** Writes a new image of blocks at any offset, any number of times. Until the first {@link flush} it is no valid image. */
export class BlockImageWriter implements ResumableWriter {
  readonly sizeBytes: number;
  readonly limits;
  readonly rewritable = true;
  readonly untouched = 'zero' as const;
  readonly #options: BlockImageWriterOptions;
  readonly #state = new WriterState();
  /** Blocks get their place one after another. */
  #placing: Promise<unknown> = Promise.resolve();
  readonly #running = new Set<Promise<unknown>>();
  #isCopying = false;
  /** Flushes, one after another. */
  #flushed: Promise<void> = Promise.resolve();
  #isChanged = true;
  readonly #written: WrittenPieces;
  #isPristine = true;
  /** A driver wrote, too: what was written is then found by reading. */
  #isShared = false;

  constructor(options: BlockImageWriterOptions) {
    this.sizeBytes = options.sizeBytes;
    this.limits = {
      alignmentBytes: options.alignmentBytes,
      maxBytes: 8 * 1024 * 1024,
      maxInFlight: 8,
      order: 'random',
    } as const;
    this.#options = options;
    this.#written = new WrittenPieces(options.sizeBytes);
  }

  /** Bytes of the file up to the end of its last block. */
  get fileBytes(): number {
    return this.#options.places.endBytes;
  }

  /** Goes on with the image of another writer; see `ResumableWriter`. */
  async resume(checkpoint: WriterCheckpoint): Promise<void> {
    await this.#state.run('resume-image', undefined, () =>
      this.#options.places.resume(checkpoint, this.sizeBytes),
    );
  }

  async write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    await this.#change('write-image', call, async () => {
      const { handle, places } = this.#options;
      this.#written.add({ offset, length: data.byteLength });
      for (const part of partsOf({ offset, length: data.byteLength }, places.blockBytes)) {
        const position = await this.#placeOf(part.block);
        const from = part.offset - offset;
        await handle.write(data.subarray(from, from + part.length), position + part.within);
      }
    });
  }

  /** Writes only in blocks that have a place and where something may have been written, and there only over what is not zero. */
  async zero(offset: number, length: number, call?: Call): Promise<void> {
    await this.#change('write-image', call, async () => {
      const known = this.#isShared ? [{ offset, length }] : this.#written.within({ offset, length });
      for (const range of known) await this.#zeroBlocks(range, call);
    });
  }

  /** Lets a driver of the options write into the blocks; see `BlockWriter.copyFrom`. */
  async copyFrom(
    source: BlockReader,
    extents: AsyncIterable<Extent>,
    options?: CopyOptions,
  ): Promise<CopyResult> {
    const { places, endpoint } = this.#options;
    const copy = {
      places,
      sink: this,
      source,
      isPristine: this.#isPristine,
      ...(endpoint && { to: endpoint }),
    };
    return await this.#change('copy-blocks', options, async () => {
      this.#isCopying = true;
      try {
        return await copyIntoBlocks(copy, extents, options);
      } finally {
        this.#isCopying = false;
        this.#isShared = true;
      }
    });
  }

  /** Leaves a complete image and makes it durable; more writes may follow. What is under way is waited for. */
  async flush(call?: Call): Promise<void> {
    const flushed = this.#flushed.then(() =>
      this.#state.run('flush-image', call, async () => {
        await Promise.allSettled(this.#running);
        if (!this.#isChanged) return;
        this.#isChanged = false;
        await this.#options.complete();
      }),
    );
    this.#flushed = flushed.catch(() => undefined);
    await flushed;
  }

  /** Closes the file; what was not flushed may be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state.close();
    await this.#options.handle[Symbol.asyncDispose]();
  }

  async #change<T>(operation: string, call: Call | undefined, change: () => Promise<T>): Promise<T> {
    // The file gets its length in a flush: nothing may make it longer meanwhile. A copy is waited for with all it does.
    if (!this.#isCopying) await this.#flushed;
    const running = this.#state.run(operation, call, async () => {
      this.#isChanged = true;
      this.#isPristine = false;
      return await change();
    });
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #zeroBlocks({ offset, length }: ByteRange, call: Call | undefined): Promise<void> {
    const { handle, places } = this.#options;
    const { blockBytes } = places;
    const end = offset + length;
    const blocks = Math.ceil(end / blockBytes);
    for (let block = Math.floor(offset / blockBytes); block < blocks; block += 1) {
      block = places.next(block, blocks);
      const position = block < blocks ? await places.find(block) : undefined;
      if (position === undefined) continue;
      const start = Math.max(offset, block * blockBytes);
      const stop = Math.min(end, (block + 1) * blockBytes);
      await writeZeros(handle, { offset: position + start - block * blockBytes, length: stop - start }, call);
    }
  }

  #placeOf(block: number): Promise<number> {
    const { places } = this.#options;
    const placed = this.#placing.then(async () => {
      const found = await places.find(block);
      if (found !== undefined) return found;
      const position = await places.take();
      await places.refer(block, position);
      return position;
    });
    this.#placing = placed.catch(() => undefined);
    return placed;
  }
}
