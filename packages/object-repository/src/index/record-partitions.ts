import { release } from '../store/release.ts';
import { pageAtOffset } from './page-of.ts';
import { RECORD_BYTES } from './table-page.ts';
import type { CreateTableStorage, TableStorage } from './table-storage.ts';

/** Bytes of the records that wait in memory, of all partitions together. */
const OPEN_BYTES = 2 * 1024 * 1024;
const LEAST_BLOCK_RECORDS = 32;
const MOST_BLOCK_RECORDS = 1024;

type Partition = { readonly open: Buffer; bytes: number; readonly blocks: number[] };

/**
 * Divides many records, or whatever else begins with an id, by their ids, so that those of a part belong to neighbouring pages of a
 * table: then each part is a pass over its own pages, where batches as they come would each be a pass over all.
 */
export class RecordPartitions implements AsyncDisposable {
  readonly #storage: TableStorage;
  readonly #partitions: readonly Partition[];
  readonly #stride: number;
  readonly #blockBytes: number;
  /** Blocks of a part that are given at once. */
  readonly #pieceBlocks: number;
  #nextBlock = 0;

  private constructor(
    storage: TableStorage,
    {
      count,
      stride,
      blockBytes,
      pieceBlocks,
    }: Record<'count' | 'stride' | 'blockBytes' | 'pieceBlocks', number>,
  ) {
    this.#storage = storage;
    this.#stride = stride;
    this.#blockBytes = blockBytes;
    this.#pieceBlocks = pieceBlocks;
    this.#partitions = Array.from({ length: count }, () => ({
      open: Buffer.allocUnsafeSlow(blockBytes),
      bytes: 0,
      blocks: [],
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
    const storage = await create((Math.ceil(records / blockRecords) + count) * blockBytes);
    const pieceBlocks = Math.ceil(partRecords / blockRecords);
    return new RecordPartitions(storage, { count, stride, blockBytes, pieceBlocks });
  }

  /** Takes records that lie back to back. */
  async add(records: Buffer): Promise<void> {
    for (let at = 0; at < records.byteLength; at += this.#stride) {
      const partition = this.#partitions[pageAtOffset(records, at, this.#partitions.length)];
      if (partition === undefined) continue;
      partition.bytes += records.copy(partition.open, partition.bytes, at, at + this.#stride);
      if (partition.bytes === this.#blockBytes) await this.#store(partition);
    }
  }

  /**
   * The records of one part after another, and forgets them. A part that has many more than the others comes in pieces. The bytes
   * are good until the next is asked for.
   */
  async *parts(): AsyncGenerator<Buffer> {
    const buffer = Buffer.allocUnsafeSlow((this.#pieceBlocks + 1) * this.#blockBytes);
    try {
      for (const partition of this.#partitions) yield* this.#pieces(partition, buffer);
      this.#nextBlock = 0;
    } finally {
      release(buffer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { open } of this.#partitions) release(open);
    await this.#storage[Symbol.asyncDispose]();
  }

  async *#pieces(partition: Partition, buffer: Buffer): AsyncGenerator<Buffer> {
    const blocks = partition.blocks.splice(0);
    while (blocks.length > this.#pieceBlocks)
      yield buffer.subarray(0, await this.#read(blocks.splice(0, this.#pieceBlocks), buffer));
    const bytes = await this.#read(blocks, buffer);
    const { open, bytes: rest } = partition;
    open.copy(buffer, bytes, 0, rest);
    partition.bytes = 0;
    if (bytes + rest > 0) yield buffer.subarray(0, bytes + rest);
  }

  async #read(blocks: readonly number[], into: Buffer): Promise<number> {
    let bytes = 0;
    for (const block of blocks) {
      await this.#storage.read(into.subarray(bytes, bytes + this.#blockBytes), block * this.#blockBytes);
      bytes += this.#blockBytes;
    }
    return bytes;
  }

  async #store(partition: Partition): Promise<void> {
    await this.#storage.write(partition.open, this.#nextBlock * this.#blockBytes);
    partition.blocks.push(this.#nextBlock);
    partition.bytes = 0;
    this.#nextBlock += 1;
  }
}
