import type { CompressedRun, Run } from '../chain/run.ts';
import {
  COMPRESSED_HIGH,
  COPIED_HIGH,
  OFFSET_HIGH,
  OFFSET_LOW,
  SECTOR_BYTES,
  ZERO_LOW,
} from './constants.ts';
import { corrupt } from './format-error.ts';
import type { Qcow2Geometry } from './geometry.ts';

/** A search in one page of an L2 table, whose first entry describes the cluster at guest offset `pageGuest`. */
export type Scan = {
  readonly page: DataView;
  readonly pageGuest: number;
  /** Guest offset to start at, inside the page. */
  readonly offset: number;
  /** Guest offset to stop at. */
  readonly end: number;
  readonly geometry: Qcow2Geometry;
  readonly version: 2 | 3;
  readonly sizeBytes: number;
  readonly dataFile: boolean;
};

/** The run at `scan.offset` in a page of plain 8-byte L2 entries. */
export function scanClusters(scan: Scan): Run {
  const { page, pageGuest, offset, geometry } = scan;
  const { clusterBytes } = geometry;
  const index = Math.floor((offset - pageGuest) / clusterBytes);
  const stop = Math.min(Math.ceil((scan.end - pageGuest) / clusterBytes), page.byteLength / 8);
  const high = page.getUint32(index * 8);
  const low = page.getUint32(index * 8 + 4);
  if (high & COMPRESSED_HIGH) return compressedRun(scan, pageGuest + index * clusterBytes, high, low);
  const clusterAt = pageGuest + index * clusterBytes;
  const endOf = (next: number) => Math.min(pageGuest + next * clusterBytes, scan.end);
  if (low & ZERO_LOW) {
    if (scan.version === 2) throw corrupt('a zero cluster in an image of version 2');
    return { kind: 'zero', start: offset, end: endOf(sameKind(page, index + 1, stop, ZERO_LOW)) };
  }
  const host = hostOffsetOf(scan, high, low, clusterAt);
  if (host === undefined) {
    return { kind: 'absent', start: offset, end: endOf(emptyUntil(page, index + 1, stop)) };
  }
  const next = adjacentUntil(page, index + 1, stop, host, clusterBytes);
  return { kind: 'data', start: offset, end: endOf(next), hostOffset: host + offset - clusterAt };
}

/** The host offset of a standard entry, or `undefined` when it is unallocated. */
export function hostOffsetOf(scan: Scan, high: number, low: number, clusterAt: number): number | undefined {
  const host = (high & OFFSET_HIGH) * 2 ** 32 + ((low & OFFSET_LOW) >>> 0);
  if (host === 0 && !(scan.dataFile && high & COPIED_HIGH)) return undefined;
  if (host % scan.geometry.clusterBytes !== 0) {
    throw corrupt(`the cluster of guest offset ${clusterAt} is not at a cluster boundary`);
  }
  if (host > Number.MAX_SAFE_INTEGER - scan.geometry.clusterBytes) {
    throw corrupt(`the cluster of guest offset ${clusterAt} lies beyond 2^53`);
  }
  if (scan.dataFile && host !== clusterAt) {
    throw corrupt(`the cluster of guest offset ${clusterAt} is elsewhere in the data file`);
  }
  return host;
}

/** The run of a compressed cluster at guest offset `clusterAt`. */
export function compressedRun(scan: Scan, clusterAt: number, high: number, low: number): CompressedRun {
  if (scan.dataFile) throw corrupt('a compressed cluster in an image with an external data file');
  const { clusterBits, clusterBytes } = scan.geometry;
  // The number of sectors starts at bit 62 - (clusterBits - 8), in the upper half for every cluster size.
  const shift = 62 - (clusterBits - 8) - 32;
  const hostHigh = high & (2 ** shift - 1);
  if (hostHigh >= 2 ** 21) throw corrupt('a compressed cluster lies beyond 2^53');
  const hostOffset = hostHigh * 2 ** 32 + low;
  const sectors = ((high & (COMPRESSED_HIGH - 1)) >>> shift) + 1;
  const hostLength = sectors * SECTOR_BYTES - (hostOffset % SECTOR_BYTES);
  const end = Math.min(clusterAt + clusterBytes, scan.sizeBytes);
  return { kind: 'compressed', start: clusterAt, end, hostOffset, hostLength };
}

function sameKind(page: DataView, from: number, stop: number, flag: number): number {
  let next = from;
  while (
    next < stop &&
    page.getUint32(next * 8 + 4) & flag &&
    !(page.getUint32(next * 8) & COMPRESSED_HIGH)
  ) {
    next += 1;
  }
  return next;
}

function emptyUntil(page: DataView, from: number, stop: number): number {
  // Most of a sparse disk is this loop: plain words are several times faster than a DataView.
  const words = new Uint32Array(page.buffer, page.byteOffset, page.byteLength / 4);
  let word = from * 2;
  while (word < stop * 2 && words[word] === 0) word += 1;
  return word >>> 1;
}

function adjacentUntil(
  page: DataView,
  from: number,
  stop: number,
  host: number,
  clusterBytes: number,
): number {
  let next = from;
  let expected = host + clusterBytes;
  for (; next < stop; next += 1, expected += clusterBytes) {
    const high = page.getUint32(next * 8);
    const low = page.getUint32(next * 8 + 4);
    if (high & COMPRESSED_HIGH || low & ZERO_LOW) break;
    if ((high & OFFSET_HIGH) * 2 ** 32 + ((low & OFFSET_LOW) >>> 0) !== expected) break;
  }
  return next;
}
