import type { FileHandle } from '@sendense/plugin-kit/files';
import type { AppendFile } from './append-file.ts';
import type { ClusterAppender } from './cluster-appender.ts';
import { COPIED_HIGH } from './constants.ts';
import type { ImageLayout } from './image-layout.ts';
import { offsetAt } from './read-table.ts';
import { writeSparsely } from './write-sparsely.ts';

/** Memory for the L2 tables of one group. */
const GROUP_BYTES = 1024 * 1024;

/** An L2 table of `count` entries of the L1 table, from `index` on. */
type L2Table = { readonly index: number; readonly count: number; readonly bytes: Uint8Array };

/** An L2 table that has its place in the file. */
type PlacedTable = L2Table & { readonly cluster: number };

/**
 * The L1 table and the L2 tables of the group that is being filled. They get their places behind the data of the group, which
 * thus lies together, and are written when the next group begins. A table that a flush made part of the valid image waits
 * for the next flush, so that it never refers to clusters not yet counted.
 */
export class TableWriter {
  readonly #file: AppendFile;
  readonly #appender: ClusterAppender;
  readonly #layout: ImageLayout;
  readonly #entries: number;
  readonly #tablesInGroup: number;
  readonly #l1: DataView;
  #group = 0;
  #l2: L2Table | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Tables of the group without a place, in the order in which they were begun. */
  #unplaced: L2Table[] = [];
  /** Tables with a place that are for the next flush to write. */
  #waiting: PlacedTable[] = [];
  /** The memory of tables written before: spread writes go through thousands of tables. */
  readonly #spare: Uint8Array[] = [];

  constructor(file: AppendFile, appender: ClusterAppender, layout: ImageLayout) {
    this.#file = file;
    this.#appender = appender;
    this.#layout = layout;
    this.#entries = layout.clusterBytes / 8;
    this.#tablesInGroup = Math.max(1, GROUP_BYTES / layout.clusterBytes);
    this.#l1 = new DataView(new ArrayBuffer(layout.l1Clusters * layout.clusterBytes));
  }

  /** How many tables are without a place: each takes one cluster. */
  get unplaced(): number {
    return this.#unplaced.length;
  }

  /** Makes the table of guest cluster `guest` current; returns how many clusters from it on the table describes. */
  async enter(guest: number): Promise<number> {
    const index = Math.floor(guest / this.#entries);
    if (this.#l2?.index !== index) {
      await this.#enterGroup(index);
      this.#use(this.#begin(index, 1));
    }
    return (index + 1) * this.#entries - guest;
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
    const table = { index, count: 1, bytes, cluster: offset / clusterBytes };
    this.#group = this.#groupOf(index);
    this.#use(table);
    this.#waiting.push(table);
  }

  /** How many tables get their places before the data of cluster `guest` does. */
  placedBefore(guest: number): number {
    return this.#groupOf(Math.floor(guest / this.#entries)) === this.#group ? 0 : this.unplaced;
  }

  /** Guest cluster at which the group of tables of `guest` ends. */
  endOfGroup(guest: number): number {
    const group = this.#groupOf(Math.floor(guest / this.#entries));
    return (group + 1) * this.#tablesInGroup * this.#entries;
  }

  /** Sets the entry of `guest`, which lies in the current table. */
  set(guest: number, high: number, low: number): void {
    const at = (guest % this.#entries) * 8;
    this.#view.setUint32(at, high >>> 0);
    this.#view.setUint32(at + 4, low >>> 0);
  }

  /** Lets `count` L1 entries from `index` on share one table of which all entries are `low`. */
  async share(index: number, count: number, low: number): Promise<void> {
    await this.#enterGroup(index);
    this.#l2 = undefined;
    const { bytes } = this.#begin(index, count);
    const view = new DataView(bytes.buffer);
    for (let at = 4; at < view.byteLength; at += 8) view.setUint32(at, low);
  }

  /** Gives every table its place, for the next {@link write}: they must be counted before. */
  async place(): Promise<void> {
    for (const table of this.#unplaced) this.#waiting.push(await this.#placed(table));
    this.#unplaced = [];
  }

  /** Writes the tables, all of which are placed; the image is complete with the counts written before. */
  async write(): Promise<void> {
    for (const table of this.#waiting) await this.#writeL2(table);
    // The current table is part of the valid image now.
    this.#waiting = this.#waiting.filter(({ bytes }) => bytes === this.#l2?.bytes);
    await writeSparsely(
      this.#file,
      new Uint8Array(this.#l1.buffer),
      this.#layout.l1Cluster * this.#layout.clusterBytes,
    );
  }

  #begin(index: number, count: number): L2Table {
    const bytes = this.#spare.pop()?.fill(0) ?? new Uint8Array(this.#layout.clusterBytes);
    const table = { index, count, bytes };
    this.#unplaced.push(table);
    return table;
  }

  #use(table: L2Table): void {
    this.#l2 = table;
    this.#view = new DataView(table.bytes.buffer);
  }

  #groupOf(index: number): number {
    return Math.floor(index / this.#tablesInGroup);
  }

  /** Places and writes the tables of the group before, unless `index` is in it, too. */
  async #enterGroup(index: number): Promise<void> {
    const group = this.#groupOf(index);
    if (group === this.#group) return;
    this.#group = group;
    this.#l2 = undefined;
    for (const table of this.#unplaced) {
      await this.#writeL2(await this.#placed(table));
      this.#spare.push(table.bytes);
    }
    this.#unplaced = [];
  }

  async #placed(table: L2Table): Promise<PlacedTable> {
    const { index, count } = table;
    const cluster = await this.#appender.takeOne(count);
    for (let at = 0; at < count; at += 1) this.#setL1(index + at, cluster, count === 1 ? COPIED_HIGH : 0);
    return { ...table, cluster };
  }

  #writeL2({ bytes, cluster }: PlacedTable): Promise<void> {
    return writeSparsely(this.#file, bytes, cluster * this.#layout.clusterBytes);
  }

  #setL1(index: number, cluster: number, flag: number): void {
    const offset = cluster * this.#layout.clusterBytes;
    this.#l1.setUint32(index * 8, (Math.floor(offset / 2 ** 32) | flag) >>> 0);
    this.#l1.setUint32(index * 8 + 4, offset >>> 0);
  }
}
