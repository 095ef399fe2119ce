import { SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import type { AppendFile } from './append-file.ts';
import { blockCluster, type ImageLayout, REFCOUNT_BYTES } from './image-layout.ts';
import { writeSparsely } from './write-sparsely.ts';

/** The most that a 16-bit refcount counts. */
export const MAX_REFCOUNT = 0xffff;

/** Clusters that lie together in the file. */
export type ClusterRun = { readonly first: number; readonly count: number };

/**
 * Gives out the clusters of a new file one after another and counts them. Only the refcount block of the newest clusters
 * is in memory, so the cost is the same for any size of file.
 */
export class ClusterAppender {
  readonly #file: AppendFile;
  readonly #layout: ImageLayout;
  readonly #table: DataView;
  readonly #block: DataView;
  #blockIndex = 0;
  #next = 0;

  constructor(file: AppendFile, layout: ImageLayout) {
    this.#file = file;
    this.#layout = layout;
    this.#table = new DataView(new ArrayBuffer(layout.refcountTableClusters * layout.clusterBytes));
    this.#block = new DataView(new ArrayBuffer(layout.clusterBytes));
  }

  /** Counts the fixed structures of the layout. Call it once, first. */
  async start(): Promise<void> {
    const { firstBlockCluster, firstBlocks } = this.#layout;
    while (this.#next < firstBlockCluster + firstBlocks) await this.#count(1);
  }

  /** Takes over the counts of a file in which `clusters` were given out; instead of {@link start}. */
  async resume(handle: FileHandle, clusters: number): Promise<void> {
    const { clusterBytes, refcountsPerBlock, refcountTableCluster } = this.#layout;
    this.#next = clusters;
    this.#blockIndex = Math.floor((clusters - 1) / refcountsPerBlock);
    const table = new Uint8Array(this.#table.buffer);
    await handle.read(table, refcountTableCluster * clusterBytes);
    table.fill(0, this.#blockIndex * 8);
    const block = new Uint8Array(this.#block.buffer);
    await handle.read(block, blockCluster(this.#layout, this.#blockIndex) * clusterBytes);
    block.fill(0, (((clusters - 1) % refcountsPerBlock) + 1) * REFCOUNT_BYTES);
  }

  /** Gives out 1…`wanted` clusters that lie together, each with one reference. */
  async take(wanted: number): Promise<ClusterRun> {
    const first = await this.takeOne(1);
    const inBlock = this.#layout.refcountsPerBlock - (first % this.#layout.refcountsPerBlock);
    const count = Math.min(wanted, inBlock);
    for (let more = 1; more < count; more += 1) await this.#count(1);
    return { first, count };
  }

  /** Length of the file in clusters after `tables` of {@link takeOne}. Gives nothing out. */
  clustersAfter(tables: number): number {
    let next = this.#next;
    for (let table = 0; table < tables; table += 1) next = this.#behindBlock(next) + 1;
    return next;
  }

  /** Which clusters a {@link take} will give after `tables` of {@link takeOne}. Gives nothing out. */
  peek(tables: number): ClusterRun {
    const first = this.#behindBlock(this.clustersAfter(tables));
    const { refcountsPerBlock } = this.#layout;
    return { first, count: refcountsPerBlock - (first % refcountsPerBlock) };
  }

  /** Gives out one cluster with `references`. */
  async takeOne(references: number): Promise<number> {
    if (this.#behindBlock(this.#next) !== this.#next) await this.#count(1);
    await this.#count(references);
    return this.#next - 1;
  }

  /** Adds a reference to a cluster given out before; `false` when it can take no more or its block is written. */
  addReference(cluster: number): boolean {
    if (Math.floor(cluster / this.#layout.refcountsPerBlock) !== this.#blockIndex) return false;
    const at = (cluster % this.#layout.refcountsPerBlock) * 2;
    const count = this.#block.getUint16(at);
    if (count === MAX_REFCOUNT) return false;
    this.#block.setUint16(at, count + 1);
    return true;
  }

  /** Writes the counts of everything given out so far. */
  async write(): Promise<void> {
    await this.#writeBlock();
    const table = new Uint8Array(this.#table.buffer);
    await writeSparsely(this.#file, table, this.#layout.refcountTableCluster * this.#layout.clusterBytes);
  }

  /** `cluster`, or the one behind it where a refcount block has its place. */
  #behindBlock(cluster: number): number {
    const block = cluster / this.#layout.refcountsPerBlock;
    return Number.isInteger(block) && block >= this.#layout.firstBlocks ? cluster + 1 : cluster;
  }

  async #count(references: number): Promise<void> {
    const { refcountsPerBlock } = this.#layout;
    const index = Math.floor(this.#next / refcountsPerBlock);
    if (index !== this.#blockIndex) {
      await this.#writeBlock();
      new Uint8Array(this.#block.buffer).fill(0);
      this.#blockIndex = index;
    }
    this.#block.setUint16((this.#next % refcountsPerBlock) * 2, references);
    this.#next += 1;
  }

  async #writeBlock(): Promise<void> {
    const { clusterBytes } = this.#layout;
    const position = blockCluster(this.#layout, this.#blockIndex) * clusterBytes;
    if (this.#blockIndex * 8 >= this.#table.byteLength) {
      throw new SendenseError('UNEXPECTED', 'the image outgrew its refcount table', {
        operation: 'write-image',
      });
    }
    this.#table.setBigUint64(this.#blockIndex * 8, BigInt(position));
    await writeSparsely(this.#file, new Uint8Array(this.#block.buffer), position);
  }
}
