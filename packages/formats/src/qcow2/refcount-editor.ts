import { SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import type { ClusterRun } from './cluster-appender.ts';
import { SECTOR_BYTES } from './constants.ts';
import { corrupt } from './format-error.ts';
import type { Qcow2Geometry } from './geometry.ts';
import { growRefcountTable } from './grow-refcount-table.ts';
import { readRefcount, writeRefcount } from './refcounts.ts';

/** Refcount blocks are searched in pieces of this size. */
const PIECE_BYTES = 65_536;

/** What a {@link RefcountEditor} changes. */
export type RefcountEditorOptions = {
  readonly handle: FileHandle;
  readonly geometry: Qcow2Geometry;
  readonly tableOffset: number;
  readonly tableEntries: number;
};

/**
 * Takes and frees clusters of an existing image. Changes are gathered by sector and reach the file with {@link write};
 * new refcount blocks and a larger refcount table are the exception: they are made durable before anything refers to them.
 */
export class RefcountEditor {
  readonly #options: RefcountEditorOptions;
  readonly #sectors = new Map<number, DataView>();
  #table: DataView;
  #tableOffset: number;

  private constructor(options: RefcountEditorOptions, table: DataView) {
    this.#options = options;
    this.#table = table;
    this.#tableOffset = options.tableOffset;
  }

  /** Reads the refcount table. Rejects with `CORRUPT` when it is not in the file. */
  static async open(options: RefcountEditorOptions): Promise<RefcountEditor> {
    const bytes = new Uint8Array(options.tableEntries * 8);
    if (
      bytes.byteLength === 0 ||
      (await options.handle.read(bytes, options.tableOffset)) < bytes.byteLength
    ) {
      throw corrupt('the refcount table lies outside the file');
    }
    return new RefcountEditor(options, new DataView(bytes.buffer));
  }

  /** Takes `wanted` free clusters that lie together, making a refcount block when the present ones have none. */
  async take(wanted: number): Promise<ClusterRun> {
    if (wanted >= this.#options.geometry.refcountsPerBlock) throw tooMany(wanted);
    const first = (await this.#findFree(wanted)) ?? (await this.#findInNewBlock(wanted));
    for (let at = 0; at < wanted; at += 1) await this.add(first + at, 1);
    return { first, count: wanted };
  }

  /** Adds `change` (1 or -1) to the refcount of a cluster. Rejects with `CORRUPT` when there is nothing to take away. */
  async add(cluster: number, change: 1 | -1): Promise<void> {
    const { refcountsPerBlock, refcountBits } = this.#options.geometry;
    const block = this.#blockOffset(Math.floor(cluster / refcountsPerBlock));
    if (block === 0) throw corrupt(`the cluster ${cluster} is in use and not counted`);
    const bit = (cluster % refcountsPerBlock) * refcountBits;
    const sector = await this.#sector(block + Math.floor(bit / 8 / SECTOR_BYTES) * SECTOR_BYTES);
    const index = cluster % ((SECTOR_BYTES * 8) / refcountBits);
    const count = readRefcount(sector, index, refcountBits);
    if (count + change < 0) throw corrupt(`the cluster ${cluster} is in use and not counted`);
    writeRefcount(sector, index, refcountBits, count + change);
  }

  /** Writes the changes gathered so far; not yet durable. */
  async write(): Promise<void> {
    for (const [position, sector] of this.#sectors) {
      await this.#options.handle.write(new Uint8Array(sector.buffer), position);
    }
  }

  #blockOffset(index: number): number {
    if ((index + 1) * 8 > this.#table.byteLength) return 0;
    const offset = Number(this.#table.getBigUint64(index * 8));
    if (offset % this.#options.geometry.clusterBytes === 0 && Number.isSafeInteger(offset)) return offset;
    throw corrupt('the refcount table does not point to a cluster of the file');
  }

  async #sector(position: number): Promise<DataView> {
    const known = this.#sectors.get(position);
    if (known !== undefined) return known;
    const sector = new DataView(new ArrayBuffer(SECTOR_BYTES));
    if ((await this.#options.handle.read(new Uint8Array(sector.buffer), position)) < SECTOR_BYTES) {
      throw corrupt('a refcount block lies outside the file');
    }
    this.#sectors.set(position, sector);
    return sector;
  }

  async #findFree(wanted: number): Promise<number | undefined> {
    const { refcountsPerBlock } = this.#options.geometry;
    let run = 0;
    for (let block = 0; block * 8 < this.#table.byteLength; block += 1) {
      const offset = this.#blockOffset(block);
      if (offset === 0) {
        run = 0;
        continue;
      }
      for (let from = 0; from < refcountsPerBlock; ) {
        const { counts, length } = await this.#counts(offset, from);
        for (let at = 0; at < length; at += 1) {
          run = counts(at) === 0 ? run + 1 : 0;
          if (run === wanted) return block * refcountsPerBlock + from + at + 1 - wanted;
        }
        from += length;
      }
    }
    return undefined;
  }

  /** Refcounts of a block from index `from` on, with the changes that are not written yet. */
  async #counts(offset: number, from: number) {
    const { clusterBytes, refcountBits, refcountsPerBlock } = this.#options.geometry;
    const pieceBytes = Math.min(PIECE_BYTES, clusterBytes);
    const piece = new Uint8Array(pieceBytes);
    const position = offset + (from * refcountBits) / 8;
    await this.#options.handle.read(piece, position);
    for (let at = 0; at < pieceBytes; at += SECTOR_BYTES) {
      const changed = this.#sectors.get(position + at);
      if (changed !== undefined) piece.set(new Uint8Array(changed.buffer), at);
    }
    const view = new DataView(piece.buffer);
    const length = Math.min((pieceBytes * 8) / refcountBits, refcountsPerBlock - from);
    return { counts: (index: number) => readRefcount(view, index, refcountBits), length };
  }

  /** A larger table counts itself in the first new block, which may leave too little for `wanted`: then one more. */
  async #findInNewBlock(wanted: number): Promise<number> {
    for (let added = 0; added < 2; added += 1) {
      await this.#addBlock();
      const found = await this.#findFree(wanted);
      if (found !== undefined) return found;
    }
    throw tooMany(wanted);
  }

  async #addBlock(): Promise<void> {
    const { geometry, handle } = this.#options;
    const { clusterBytes, refcountsPerBlock, refcountBits } = geometry;
    let index = 0;
    while (this.#blockOffset(index) !== 0) index += 1;
    if ((index + 1) * 8 > this.#table.byteLength) return await this.#growTable();
    // The first cluster of the range that the block counts is free, as no block counts it: the block goes there.
    const position = index * refcountsPerBlock * clusterBytes;
    const block = new DataView(new ArrayBuffer(clusterBytes));
    writeRefcount(block, 0, refcountBits, 1);
    await handle.write(new Uint8Array(block.buffer), position);
    await handle.sync();
    this.#table.setBigUint64(index * 8, BigInt(position));
    await handle.write(new Uint8Array(this.#table.buffer, index * 8, 8), this.#tableOffset + index * 8);
    await handle.sync();
  }

  /** The old table is freed with the next {@link write}; a cut before that leaves it counted and not used. */
  async #growTable(): Promise<void> {
    const { geometry, handle } = this.#options;
    const old = { offset: this.#tableOffset, table: this.#table };
    const grown = await growRefcountTable(handle, geometry, old);
    if (grown === undefined) throw tableFull();
    this.#table = grown.table;
    this.#tableOffset = grown.offset;
    const { clusterBytes } = geometry;
    for (let at = 0; at < old.table.byteLength; at += clusterBytes)
      await this.add((old.offset + at) / clusterBytes, -1);
  }
}

function tooMany(wanted: number): SendenseError {
  return new SendenseError('CONFIG_INVALID', `a bitmap that needs ${wanted} clusters in a row is too large`, {
    operation: 'edit-bitmaps',
    remedy: 'use a larger granularity',
  });
}

function tableFull(): SendenseError {
  return new SendenseError('FORMAT_UNSUPPORTED', 'the refcount table of this image cannot grow any more', {
    operation: 'edit-bitmaps',
    remedy: 'convert the image to one with larger clusters: "qemu-img convert -O qcow2 -o cluster_size=64k"',
  });
}
