import type { FileHandle } from '@sendense/plugin-kit/files';
import type { AppendFile } from './append-file.ts';
import type { ClusterAppender } from './cluster-appender.ts';
import { COPIED_HIGH } from './constants.ts';
import type { ImageLayout } from './image-layout.ts';
import { offsetAt } from './read-table.ts';
import { writeSparsely } from './write-sparsely.ts';

type L2Table = { readonly index: number; readonly cluster: number; readonly bytes: Uint8Array };

/**
 * The L1 table and the one L2 table that is being filled. A table is written when the next one begins; a table that a
 * flush made part of the valid image waits for the next flush, so that it never refers to clusters not yet counted.
 */
export class TableWriter {
  readonly #file: AppendFile;
  readonly #appender: ClusterAppender;
  readonly #layout: ImageLayout;
  readonly #entries: number;
  readonly #l1: DataView;
  #l2: L2Table | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #flushed = false;
  #waiting: L2Table | undefined;
  /** The memory of the last table written: spread writes go through thousands of tables. */
  #spare: Uint8Array | undefined;

  constructor(file: AppendFile, appender: ClusterAppender, layout: ImageLayout) {
    this.#file = file;
    this.#appender = appender;
    this.#layout = layout;
    this.#entries = layout.clusterBytes / 8;
    this.#l1 = new DataView(new ArrayBuffer(layout.l1Clusters * layout.clusterBytes));
  }

  /** Makes the table of guest cluster `guest` current; returns how many clusters from it on the table describes. */
  async enter(guest: number): Promise<number> {
    const index = Math.floor(guest / this.#entries);
    if (this.#l2?.index !== index) {
      await this.#leave();
      const cluster = await this.#appender.takeOne(1);
      const bytes = this.#spare?.fill(0) ?? new Uint8Array(this.#layout.clusterBytes);
      this.#spare = undefined;
      this.#l2 = { index, cluster, bytes };
      this.#view = new DataView(bytes.buffer);
      this.#flushed = false;
      this.#setL1(index, cluster, COPIED_HIGH);
    }
    return this.endOf(guest) - guest;
  }

  /** Takes over the tables of a file of `fileBytes`, as they were when everything before cluster `guest` was in them. */
  async resume(handle: FileHandle, guest: number, fileBytes: number): Promise<void> {
    const { clusterBytes, l1Cluster } = this.#layout;
    await handle.read(new Uint8Array(this.#l1.buffer), l1Cluster * clusterBytes);
    for (let index = 0; index < this.#l1.byteLength / 8; index += 1)
      if (offsetAt(this.#l1, index * 8) >= fileBytes) this.#l1.setBigUint64(index * 8, 0n);
    const index = Math.floor(guest / this.#entries);
    const offset = index * 8 < this.#l1.byteLength ? offsetAt(this.#l1, index * 8) : 0;
    if (offset === 0) return;
    const bytes = new Uint8Array(clusterBytes);
    await handle.read(bytes, offset);
    bytes.fill(0, (guest % this.#entries) * 8);
    this.#l2 = { index, cluster: offset / clusterBytes, bytes };
    this.#view = new DataView(bytes.buffer);
  }

  /** Whether `guest` lies in the current table. */
  isCurrent(guest: number): boolean {
    return this.#l2?.index === Math.floor(guest / this.#entries);
  }

  /** Guest cluster at which the table of `guest` ends. */
  endOf(guest: number): number {
    return (Math.floor(guest / this.#entries) + 1) * this.#entries;
  }

  /** Sets the entry of `guest`, which lies in the current table. */
  set(guest: number, high: number, low: number): void {
    const at = (guest % this.#entries) * 8;
    this.#view.setUint32(at, high >>> 0);
    this.#view.setUint32(at + 4, low >>> 0);
  }

  /** Lets `count` L1 entries from `index` on share one table of which all entries are `low`. */
  async share(index: number, count: number, low: number): Promise<void> {
    await this.#leave();
    const cluster = await this.#appender.takeOne(count);
    const view = new DataView(new ArrayBuffer(this.#layout.clusterBytes));
    for (let at = 4; at < view.byteLength; at += 8) view.setUint32(at, low);
    await this.#file.write(new Uint8Array(view.buffer), cluster * this.#layout.clusterBytes);
    for (let at = 0; at < count; at += 1) this.#setL1(index + at, cluster, count === 1 ? COPIED_HIGH : 0);
  }

  /** Writes the tables; the image is complete with the counts written before. */
  async write(): Promise<void> {
    if (this.#waiting !== undefined) await this.#writeL2(this.#waiting);
    this.#waiting = undefined;
    if (this.#l2 !== undefined) await this.#writeL2(this.#l2);
    this.#flushed = true;
    await writeSparsely(
      this.#file,
      new Uint8Array(this.#l1.buffer),
      this.#layout.l1Cluster * this.#layout.clusterBytes,
    );
  }

  async #leave(): Promise<void> {
    const table = this.#l2;
    this.#l2 = undefined;
    if (table === undefined) return;
    if (this.#flushed) {
      this.#waiting = table;
      return;
    }
    await this.#writeL2(table);
    this.#spare = table.bytes;
  }

  #writeL2({ bytes, cluster }: L2Table): Promise<void> {
    return writeSparsely(this.#file, bytes, cluster * this.#layout.clusterBytes);
  }

  #setL1(index: number, cluster: number, flag: number): void {
    const offset = cluster * this.#layout.clusterBytes;
    this.#l1.setUint32(index * 8, (Math.floor(offset / 2 ** 32) | flag) >>> 0);
    this.#l1.setUint32(index * 8 + 4, offset >>> 0);
  }
}
