import { release } from '../store/release.ts';
import { pageAtOffset } from './page-of.ts';
import { RECORD_BYTES } from './table-page.ts';
import type { CreateTableStorage, TableStorage } from './table-storage.ts';

/** Bytes of the records that wait in memory, of all partitions together. */
const OPEN_BYTES = 2 * 1024 * 1024;
const LEAST_BLOCK_RECORDS = 32;
const MOST_BLOCK_RECORDS = 1024;
/** Blocks are stored together, so many bytes at once. */
const STORE_BYTES = 1024 * 1024;

/** A part: its records that no block holds yet, and its blocks as a chain. */
type Partition = { readonly open: Buffer; bytes: number; first: number; last: number; blocks: number };

type Layout = {
  /** Parts. */
  readonly count: number;
  readonly stride: number;
  readonly blockBytes: number;
  /** Blocks of all parts. */
  readonly blocks: number;
  /** Blocks of a part that are given at once. */
  readonly pieceBlocks: number;
};

/**
 * Divides many records, or whatever else begins with an id, by their ids, so that those of a part belong to neighbouring pages of a
 * table: then each part is a pass over its own pages, where batches as they come would each be a pass over all. Which blocks are of a
 * part is noted outside the heap: what grows in it as long as records come is copied by each collection, and makes V8 enlarge it.
 */
export class RecordPartitions implements AsyncDisposable {
  readonly #storage: TableStorage;
  readonly #layout: Layout;
  readonly #partitions: readonly Partition[];
  /** Of each block the next one of its part. */
  readonly #next: Uint32Array;
  /** Blocks that wait to be stored, the last ones. */
  #waiting = Buffer.alloc(0);
  #waitingBytes = 0;
  #nextBlock = 0;

  private constructor(storage: TableStorage, layout: Layout) {
    this.#storage = storage;
    this.#layout = layout;
    this.#next = new Uint32Array(layout.blocks);
    this.#partitions = Array.from({ length: layout.count }, () => ({
      open: Buffer.allocUnsafeSlow(layout.blockBytes),
      bytes: 0,
      first: 0,
      last: 0,
      blocks: 0,
    }));
  }

  /** For at most `records` of `stride` bytes, in parts of about `partRecords`. */
  static async open(
    create: CreateTableStorage,
    records: number,
    partRecords: number,
    stride = RECORD_BYTES,
  ): Promise<RecordPartitions> {
    const count = Math.ceil(records / partRecords);
    const wanted = Math.floor(OPEN_BYTES / stride / Math.max(1, count));
    const blockRecords = Math.max(LEAST_BLOCK_RECORDS, Math.min(MOST_BLOCK_RECORDS, wanted));
    const blockBytes = blockRecords * stride;
    const blocks = Math.ceil(records / blockRecords) + count;
    const storage = await create(blocks * blockBytes);
    const pieceBlocks = Math.ceil(partRecords / blockRecords);
    return new RecordPartitions(storage, { count, stride, blockBytes, blocks, pieceBlocks });
  }

  /** Takes records that lie back to back. */
  async add(records: Buffer): Promise<void> {
    const { stride, blockBytes } = this.#layout;
    for (let at = 0; at < records.byteLength; at += stride) {
      const partition = this.#partitions[this.partOf(records, at)];
      if (partition === undefined) continue;
      partition.bytes += records.copy(partition.open, partition.bytes, at, at + stride);
      if (partition.bytes < blockBytes) continue;
      this.#close(partition);
      if (this.#waitingBytes === this.#waiting.byteLength) await this.#store();
    }
  }

  /** The number of the part of the record that begins at `at`. */
  partOf(records: Buffer, at = 0): number {
    return pageAtOffset(records, at, this.#partitions.length);
  }

  /**
   * The records of one part after another, and forgets them. A part that has many more than the others comes in pieces. The bytes
   * are good until the next is asked for.
   */
  async *parts(): AsyncGenerator<Buffer> {
    const { pieceBlocks, blockBytes } = this.#layout;
    await this.#store();
    release(this.#waiting);
    this.#waiting = Buffer.alloc(0);
    const buffer = Buffer.allocUnsafeSlow((pieceBlocks + 1) * blockBytes);
    try {
      for (const partition of this.#partitions) yield* this.#pieces(partition, buffer);
      this.#nextBlock = 0;
    } finally {
      release(buffer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { open } of this.#partitions) release(open);
    release(this.#waiting);
    await this.#storage[Symbol.asyncDispose]();
  }

  async *#pieces(partition: Partition, buffer: Buffer): AsyncGenerator<Buffer> {
    const { pieceBlocks, blockBytes } = this.#layout;
    let [block, bytes] = [partition.first, 0];
    for (let left = partition.blocks; left > 0; left -= 1) {
      if (bytes === pieceBlocks * blockBytes) {
        yield buffer.subarray(0, bytes);
        bytes = 0;
      }
      await this.#storage.read(buffer.subarray(bytes, bytes + blockBytes), block * blockBytes);
      bytes += blockBytes;
      block = this.#next[block] ?? 0;
    }
    bytes += partition.open.copy(buffer, bytes, 0, partition.bytes);
    partition.bytes = 0;
    partition.blocks = 0;
    if (bytes > 0) yield buffer.subarray(0, bytes);
  }

  /** Makes a block of the open records of a part; there is room for it among those that wait. */
  #close(partition: Partition): void {
    const { blocks, blockBytes } = this.#layout;
    const block = this.#nextBlock;
    if (block >= blocks) throw new RangeError(`more than the ${blocks} blocks that were told`);
    if (this.#waiting.byteLength === 0) {
      const together = Math.max(1, Math.floor(STORE_BYTES / blockBytes));
      this.#waiting = Buffer.allocUnsafeSlow(Math.min(blocks, together) * blockBytes);
    }
    this.#waitingBytes += partition.open.copy(this.#waiting, this.#waitingBytes);
    if (partition.blocks === 0) partition.first = block;
    else this.#next[partition.last] = block;
    partition.last = block;
    partition.blocks += 1;
    partition.bytes = 0;
    this.#nextBlock += 1;
  }

  /** Stores the blocks that wait: they follow one another. */
  async #store(): Promise<void> {
    const bytes = this.#waitingBytes;
    if (bytes === 0) return;
    const position = this.#nextBlock * this.#layout.blockBytes - bytes;
    await this.#storage.write(this.#waiting.subarray(0, bytes), position);
    this.#waitingBytes = 0;
  }
}
