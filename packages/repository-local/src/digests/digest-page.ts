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

/** Page `number` of a digest file, with at most {@link ENTRIES_PER_PAGE} entries. */
export function serializePage(
  id: Uint8Array,
  number: number,
  entries: readonly DigestEntry[],
  blake3: Blake3,
): Uint8Array {
  const page = new Uint8Array(PAGE_BYTES);
  const view = new DataView(page.buffer);
  page.set(id);
  view.setBigUint64(FILE_ID_BYTES, BigInt(number), true);
  view.setUint32(24, entries.length, true);
  for (const [index, entry] of entries.entries()) {
    const at = HEAD_BYTES + index * ENTRY_BYTES;
    view.setUint32(at, entry.cluster % 2 ** 32, true);
    const high = Math.floor(entry.cluster / 2 ** 32);
    view.setUint32(at + 4, entry.kind === 'zero' ? (high | ZERO_FLAG) >>> 0 : high, true);
    if (entry.kind === 'data') page.set(entry.digest, at + 8);
    else view.setBigUint64(at + 8, BigInt(entry.count), true);
  }
  return seal(page, blake3);
}

/** The entries of page `number`; throws `CORRUPT` naming `path` for a damaged page. */
export function parsePage(
  page: Uint8Array,
  id: Uint8Array,
  number: number,
  path: string,
  blake3: Blake3,
): readonly DigestEntry[] {
  checkSeal(page, path, number, blake3);
  const view = new DataView(page.buffer, page.byteOffset, PAGE_BYTES);
  const count = view.getUint32(24, true);
  const ours = Buffer.compare(page.subarray(0, FILE_ID_BYTES), id) === 0;
  if (!ours || view.getBigUint64(FILE_ID_BYTES, true) !== BigInt(number)) {
    throw damaged(path, `has page ${number} of another place`);
  }
  if (count < 1 || count > ENTRIES_PER_PAGE) throw damaged(path, `has ${count} entries on page ${number}`);
  return Array.from({ length: count }, (_, index) =>
    parseEntry(page, view, HEAD_BYTES + index * ENTRY_BYTES),
  );
}

function parseEntry(page: Uint8Array, view: DataView, at: number): DigestEntry {
  const high = view.getUint32(at + 4, true);
  const cluster = (high & 0x7fff_ffff) * 2 ** 32 + view.getUint32(at, true);
  if (high < ZERO_FLAG) {
    return { kind: 'data', cluster, count: 1, digest: page.slice(at + 8, at + ENTRY_BYTES) };
  }
  return { kind: 'zero', cluster, count: Number(view.getBigUint64(at + 8, true)) };
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
