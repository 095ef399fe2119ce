import { SendenseError } from '@sendense/core';
import { type Blake3, DIGEST_BYTES } from '@sendense/plugin-kit/digest';

/** Bytes of a cluster: the unit of digests. */
export const CLUSTER_BYTES = 65_536;
/** Bytes of a page of a digest file. */
export const PAGE_BYTES = 16_384;
/** Bytes of the id of a digest file. */
export const FILE_ID_BYTES = 16;

const VERSION = 1;
const MAGIC = new TextEncoder().encode('SNDNSDG1');
const HEAD_BYTES = 32;
const ENTRY_BYTES = 8 + DIGEST_BYTES;
const CONTENT_BYTES = PAGE_BYTES - DIGEST_BYTES;
const ZERO_FLAG = 0x8000_0000;

/** The most entries of a page. */
export const ENTRIES_PER_PAGE = Math.floor((CONTENT_BYTES - HEAD_BYTES) / ENTRY_BYTES);

/** A cluster with its digest, or a run of clusters that were made zero. */
export type DigestEntry =
  | { readonly kind: 'data'; readonly cluster: number; readonly count: 1; readonly digest: Uint8Array }
  | { readonly kind: 'zero'; readonly cluster: number; readonly count: number };

/** What page 0 says. */
export type DigestHeader = { readonly sizeBytes: number; readonly id: Uint8Array };

/** Page 0 of a digest file. */
export function serializeHeaderPage({ sizeBytes, id }: DigestHeader, blake3: Blake3): Uint8Array {
  const page = new Uint8Array(PAGE_BYTES);
  const view = new DataView(page.buffer);
  page.set(MAGIC);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, PAGE_BYTES, true);
  view.setUint32(16, CLUSTER_BYTES, true);
  view.setBigUint64(24, BigInt(sizeBytes), true);
  page.set(id, 32);
  return seal(page, blake3);
}

/** Throws `CORRUPT`, or `FORMAT_UNSUPPORTED` for a newer version, when `page` is not page 0 of this file. */
export function checkHeaderPage(page: Uint8Array, header: DigestHeader, path: string, blake3: Blake3): void {
  const version = new DataView(page.buffer, page.byteOffset).getUint32(8, true);
  checkSeal(page, path, 0, blake3);
  if (version > VERSION) {
    throw new SendenseError('FORMAT_UNSUPPORTED', `${path} has digest format version ${version}`, {
      operation: 'read-digests',
      remedy: 'use the version of Sendense that wrote the repository, or a newer one',
    });
  }
  if (Buffer.compare(page, serializeHeaderPage(header, blake3)) !== 0) {
    throw damaged(path, 'is the digest file of another data file');
  }
}

/** A page of entries that is being filled; its memory is used again for the next one. */
export class DigestPageBuilder {
  readonly #page = new Uint8Array(PAGE_BYTES);
  readonly #view = new DataView(this.#page.buffer);
  readonly #blake3: Blake3;
  #count = 0;
  #zeros: { readonly cluster: number; readonly count: number } | undefined;

  /** A page of the file `id`. */
  constructor(id: Uint8Array, blake3: Blake3) {
    this.#page.set(id);
    this.#blake3 = blake3;
  }

  /** Entries on the page, at most {@link ENTRIES_PER_PAGE}. */
  get count(): number {
    return this.#count;
  }

  /** Adds a cluster with its digest. */
  addData(cluster: number, digest: Uint8Array): void {
    this.#zeros = undefined;
    this.#page.set(digest, this.#addCluster(cluster, 0));
  }

  /** Adds a run of clusters that were made zero. */
  addZeros(cluster: number, count: number): void {
    const at = this.#addCluster(cluster, ZERO_FLAG);
    this.#page.fill(0, at, at + DIGEST_BYTES);
    this.#setZeros(cluster, count);
  }

  /** Makes the last entry longer where it is a run of zeros that ends at `cluster`; `false` where it is not. */
  extendZeros(cluster: number, count: number): boolean {
    const last = this.#zeros;
    if (last === undefined || last.cluster + last.count !== cluster) return false;
    this.#setZeros(last.cluster, last.count + count);
    return true;
  }

  /** The page as page `number` of the file; it is good until the next entry. */
  seal(number: number): Uint8Array {
    this.#view.setBigUint64(FILE_ID_BYTES, BigInt(number), true);
    this.#view.setUint32(24, this.#count, true);
    return seal(this.#page, this.#blake3);
  }

  /** Forgets all entries. */
  clear(): void {
    this.#page.fill(0, HEAD_BYTES);
    this.#count = 0;
    this.#zeros = undefined;
  }

  /** Where the rest of the new entry goes. */
  #addCluster(cluster: number, flag: number): number {
    const at = HEAD_BYTES + this.#count * ENTRY_BYTES;
    this.#view.setUint32(at, cluster % 2 ** 32, true);
    this.#view.setUint32(at + 4, (Math.floor(cluster / 2 ** 32) | flag) >>> 0, true);
    this.#count += 1;
    return at + 8;
  }

  #setZeros(cluster: number, count: number): void {
    this.#zeros = { cluster, count };
    this.#view.setBigUint64(HEAD_BYTES + (this.#count - 1) * ENTRY_BYTES + 8, BigInt(count), true);
  }
}

/**
 * A page that was read. Entries are made one by one when they are asked for, on the memory of the page: a walk through
 * millions of them leaves nothing that lives long enough to make the heap grow.
 */
export class DigestPage {
  readonly #page: Uint8Array;
  readonly #view: DataView;
  readonly count: number;

  private constructor(page: Uint8Array, view: DataView, count: number) {
    this.#page = page;
    this.#view = view;
    this.count = count;
  }

  /** Page `number` of the file `id`, which owns the bytes of `page` from now on; throws `CORRUPT` naming `path`. */
  static parse(page: Uint8Array, id: Uint8Array, number: number, path: string, blake3: Blake3): DigestPage {
    checkSeal(page, path, number, blake3);
    const view = new DataView(page.buffer, page.byteOffset, PAGE_BYTES);
    const count = view.getUint32(24, true);
    const ours = Buffer.compare(page.subarray(0, FILE_ID_BYTES), id) === 0;
    if (!ours || view.getBigUint64(FILE_ID_BYTES, true) !== BigInt(number)) {
      throw damaged(path, `has page ${number} of another place`);
    }
    if (count < 1 || count > ENTRIES_PER_PAGE) throw damaged(path, `has ${count} entries on page ${number}`);
    return new DigestPage(page, view, count);
  }

  /** The first cluster of entry `index`. */
  clusterAt(index: number): number {
    const at = HEAD_BYTES + index * ENTRY_BYTES;
    return (this.#view.getUint32(at + 4, true) & ~ZERO_FLAG) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  /** Entry `index`. */
  entryAt(index: number): DigestEntry {
    const at = HEAD_BYTES + index * ENTRY_BYTES;
    const cluster = this.clusterAt(index);
    if (this.#view.getUint32(at + 4, true) < ZERO_FLAG) {
      return { kind: 'data', cluster, count: 1, digest: this.#page.subarray(at + 8, at + ENTRY_BYTES) };
    }
    return { kind: 'zero', cluster, count: Number(this.#view.getBigUint64(at + 8, true)) };
  }

  /** The index of the last entry that begins at or before `cluster`; -1 when all begin after it. */
  lastAtOrBefore(cluster: number): number {
    let low = -1;
    let high = this.count - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.clusterAt(middle) <= cluster) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function seal(page: Uint8Array, blake3: Blake3): Uint8Array {
  page.set(blake3(page.subarray(0, CONTENT_BYTES)), CONTENT_BYTES);
  return page;
}

function checkSeal(page: Uint8Array, path: string, number: number, blake3: Blake3): void {
  const digest = blake3(page.subarray(0, CONTENT_BYTES));
  if (Buffer.compare(page.subarray(CONTENT_BYTES), digest) === 0) return;
  throw damaged(path, `is damaged at byte ${number * PAGE_BYTES}`);
}

function damaged(path: string, what: string): SendenseError {
  return new SendenseError('CORRUPT', `${path} ${what}`, {
    operation: 'read-digests',
    remedy:
      'restore the file from a copy of the repository; the data itself can still be restored without verification',
    context: { path },
  });
}
