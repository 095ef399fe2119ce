import { pageAtOffset } from './page-of.ts';
import { RECORD_BYTES } from './table-page.ts';
import type { CreateTableStorage, TableStorage } from './table-storage.ts';

/** Records of a block, and its bytes. */
const BLOCK_RECORDS = 1024;
const BLOCK_BYTES = BLOCK_RECORDS * RECORD_BYTES;

type Partition = { readonly open: Buffer; bytes: number; readonly blocks: number[] };

/**
 * Divides many records by their ids, so that those of a part belong to neighbouring pages of a table: then each part is added
 * in a pass over its own pages, where batches as they come would each be a pass over all.
 */
export class RecordPartitions implements AsyncDisposable {
  readonly #storage: TableStorage;
  readonly #partitions: readonly Partition[];
  #nextBlock = 0;

  private constructor(storage: TableStorage, count: number) {
    this.#storage = storage;
    this.#partitions = Array.from({ length: count }, () => ({
      open: Buffer.allocUnsafeSlow(BLOCK_BYTES),
      bytes: 0,
      blocks: [],
    }));
  }

  /** For at most `records`, in parts of about `partRecords`. */
  static async open(
    create: CreateTableStorage,
    records: number,
    partRecords: number,
  ): Promise<RecordPartitions> {
    const count = Math.ceil(records / partRecords);
    const blocks = Math.ceil(records / BLOCK_RECORDS) + count;
    return new RecordPartitions(await create(blocks * BLOCK_BYTES), count);
  }

  /** Takes records that lie back to back. */
  async add(records: Buffer): Promise<void> {
    for (let at = 0; at < records.byteLength; at += RECORD_BYTES) {
      const partition = this.#partitions[pageAtOffset(records, at, this.#partitions.length)];
      if (partition === undefined) continue;
      records.copy(partition.open, partition.bytes, at, at + RECORD_BYTES);
      partition.bytes += RECORD_BYTES;
      if (partition.bytes === BLOCK_BYTES) await this.#store(partition);
    }
  }

  /** The records of one part after another; the bytes are good until the next is asked for. */
  async *parts(): AsyncGenerator<Buffer> {
    const most = Math.max(0, ...this.#partitions.map(({ blocks }) => blocks.length));
    const buffer = Buffer.allocUnsafeSlow((most + 1) * BLOCK_BYTES);
    for (const { open, bytes, blocks } of this.#partitions) {
      for (const [index, block] of blocks.entries())
        await this.#storage.read(
          buffer.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES),
          block * BLOCK_BYTES,
        );
      open.copy(buffer, blocks.length * BLOCK_BYTES, 0, bytes);
      yield buffer.subarray(0, blocks.length * BLOCK_BYTES + bytes);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storage[Symbol.asyncDispose]();
  }

  async #store(partition: Partition): Promise<void> {
    await this.#storage.write(partition.open, this.#nextBlock * BLOCK_BYTES);
    partition.blocks.push(this.#nextBlock);
    partition.bytes = 0;
    this.#nextBlock += 1;
  }
}
