import { SendenseError } from '@sendense/core';
import { type FileHandle, type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import {
  BITMAP_FLAG,
  type BitmapEntry,
  parseBitmapsExtension,
  serializeBitmapDirectory,
  serializeBitmapsExtension,
} from './bitmap-directory.ts';
import { AUTOCLEAR, EXTENSION, INCOMPATIBLE } from './constants.ts';
import { corrupt, unsupported } from './format-error.ts';
import { geometryOf, type Qcow2Geometry } from './geometry.ts';
import { planHeaderUpdate } from './header-update.ts';
import { readBitmapDirectory } from './read-bitmap-directory.ts';
import { type Qcow2Head, readHead } from './read-header.ts';
import { RefcountEditor } from './refcount-editor.ts';

/** The largest bitmap table that is freed: a bit for each sector of 64 TiB, with clusters of 64 KiB. */
const MAX_TABLE_BYTES = 64 * 1024 * 1024;

/**
 * Changes the bitmap directory of a stopped image in place. Everything new lies in clusters that nothing refers to until
 * one sector, the header, is written; everything old is freed after that. A cut at any instant leaves the old or the new
 * directory, and at worst clusters that are counted and not used.
 */
export class BitmapEditor implements AsyncDisposable {
  readonly geometry: Qcow2Geometry;
  /** The bitmaps of the image; all marked as in use (of no value) when a writer that ignores bitmaps was here. */
  readonly entries: readonly BitmapEntry[];
  readonly head: Qcow2Head;
  readonly refcounts: RefcountEditor;
  readonly #handle: FileHandle;

  private constructor(
    handle: FileHandle,
    head: Qcow2Head,
    entries: BitmapEntry[],
    refcounts: RefcountEditor,
  ) {
    this.#handle = handle;
    this.head = head;
    this.geometry = geometryOf(head.header);
    this.entries = entries;
    this.refcounts = refcounts;
  }

  /** Rejects with `FORMAT_UNSUPPORTED` for version 2, and `CORRUPT` for images to repair first. */
  static async open(path: string, fileSystem: FileSystem = nodeFileSystem): Promise<BitmapEditor> {
    const handle = await fileSystem.open(path, 'read-write');
    try {
      const head = await readHead(handle);
      const { header } = head;
      if (header.version === 2) {
        throw unsupported('has version 2, which has no bitmaps', 'use "qemu-img amend -o compat=1.1" first');
      }
      if (header.incompatible & INCOMPATIBLE.dirty)
        throw corrupt('it was not closed cleanly, its refcounts are stale');
      const { clusterBytes } = geometryOf(header);
      const refcounts = await RefcountEditor.open({
        handle,
        geometry: geometryOf(header),
        tableOffset: header.refcountTableOffset,
        tableEntries: (header.refcountTableClusters * clusterBytes) / 8,
      });
      return new BitmapEditor(handle, head, await currentEntries(handle, head), refcounts);
    } catch (error) {
      await handle[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Writes into clusters taken from {@link refcounts}; durable with the next {@link commit}. */
  async write(position: number, bytes: Uint8Array): Promise<void> {
    await this.#handle.write(bytes, position);
  }

  /** Makes `entries` the directory of the image, then frees the old directory and the clusters of `freed`. */
  async commit(entries: readonly BitmapEntry[], freed: readonly BitmapEntry[]): Promise<void> {
    const extension = await this.#writeDirectory(entries);
    const oldClusters = [...this.#directoryClusters(), ...(await this.#clustersOf(freed))];
    await this.refcounts.write();
    await this.#handle.sync();
    await this.#writeHeader(extension);
    for (const cluster of oldClusters) await this.refcounts.add(cluster, -1);
    await this.refcounts.write();
    await this.#handle.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle[Symbol.asyncDispose]();
  }

  async #writeDirectory(entries: readonly BitmapEntry[]): Promise<Uint8Array | undefined> {
    if (entries.length === 0) return undefined;
    const { clusterBytes } = this.geometry;
    const directory = serializeBitmapDirectory(entries);
    const { first, count } = await this.refcounts.take(Math.ceil(directory.byteLength / clusterBytes));
    const padded = new Uint8Array(count * clusterBytes);
    padded.set(directory);
    await this.write(first * clusterBytes, padded);
    return serializeBitmapsExtension({
      count: entries.length,
      directoryBytes: directory.byteLength,
      directoryOffset: first * clusterBytes,
    });
  }

  async #writeHeader(extension: Uint8Array | undefined): Promise<void> {
    const { header, extensions } = this.head;
    const others = extensions.filter(({ type }) => type !== EXTENSION.bitmaps);
    const next = extension === undefined ? others : [{ type: EXTENSION.bitmaps, data: extension }, ...others];
    // Feature bits that we do not know must be cleared by whoever writes without minding them.
    const kept = header.autoclear & BigInt(AUTOCLEAR.rawDataFile);
    const autoclear = extension === undefined ? kept : kept | BigInt(AUTOCLEAR.bitmaps);
    const cluster = new Uint8Array(this.geometry.clusterBytes);
    await this.#handle.read(cluster, 0);
    const update = planHeaderUpdate(cluster, header, next, autoclear);
    if (update.before !== undefined) {
      await this.#handle.write(update.before.bytes, update.before.position);
      await this.#handle.sync();
    }
    await this.#handle.write(update.sector, 0);
    await this.#handle.sync();
  }

  #directoryClusters(): number[] {
    const found = this.head.extensions.find(({ type }) => type === EXTENSION.bitmaps);
    if (found === undefined) return [];
    const { clusterBytes } = this.geometry;
    const { directoryOffset, directoryBytes } = parseBitmapsExtension(found.data, clusterBytes);
    return clustersAt(directoryOffset, directoryBytes, clusterBytes);
  }

  async #clustersOf(freed: readonly BitmapEntry[]): Promise<number[]> {
    const { clusterBytes } = this.geometry;
    const clusters: number[] = [];
    const fileBytes = await this.#handle.size();
    for (const { tableOffset, tableEntries } of freed) {
      if (tableEntries * 8 > MAX_TABLE_BYTES || tableOffset + tableEntries * 8 > fileBytes) {
        throw corrupt('a bitmap table lies outside the file');
      }
      const bytes = new Uint8Array(tableEntries * 8);
      await this.#handle.read(bytes, tableOffset);
      const table = new DataView(bytes.buffer);
      for (let at = 0; at < bytes.byteLength; at += 8) {
        const offset = Number(table.getBigUint64(at) & 0x00ff_ffff_ffff_fe00n);
        if (offset !== 0) clusters.push(...clustersAt(offset, clusterBytes, clusterBytes));
      }
      clusters.push(...clustersAt(tableOffset, bytes.byteLength, clusterBytes));
    }
    return clusters;
  }
}

async function currentEntries(handle: FileHandle, head: Qcow2Head): Promise<BitmapEntry[]> {
  const entries = await readBitmapDirectory(handle, head);
  if (head.header.autoclear & BigInt(AUTOCLEAR.bitmaps)) return entries;
  return entries.map((entry) => ({ ...entry, flags: entry.flags | BITMAP_FLAG.inUse }));
}

function clustersAt(offset: number, length: number, clusterBytes: number): number[] {
  if (offset % clusterBytes !== 0) throw corrupt('a bitmap is not at a cluster boundary');
  return Array.from(
    { length: Math.ceil(length / clusterBytes) },
    (_, index) => offset / clusterBytes + index,
  );
}

/** The error for a bitmap name that is (not) there. */
export function bitmapName(code: 'NOT_FOUND' | 'ALREADY_EXISTS', name: string): SendenseError {
  const what = code === 'NOT_FOUND' ? 'has no bitmap named' : 'already has a bitmap named';
  return new SendenseError(code, `the image ${what} ${JSON.stringify(name)}`, { operation: 'edit-bitmaps' });
}
