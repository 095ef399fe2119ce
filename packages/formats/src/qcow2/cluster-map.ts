import type { Run } from '../chain/run.ts';
import { TABLE_PAGE_BYTES, type TablePages } from '../chain/table-pages.ts';
import { OFFSET_HIGH, OFFSET_LOW } from './constants.ts';
import { corrupt } from './format-error.ts';
import type { Qcow2Geometry } from './geometry.ts';
import { scanClusters } from './scan-clusters.ts';
import { scanSubclusters } from './scan-subclusters.ts';

/** What a {@link ClusterMap} needs to know of an image. */
export type ClusterMapOptions = {
  readonly geometry: Qcow2Geometry;
  readonly version: 2 | 3;
  readonly sizeBytes: number;
  readonly l1Offset: number;
  /** Guest bytes lie in another file, at their guest offset. */
  readonly dataFile: boolean;
  readonly tables: TablePages;
};

/** The guest-to-host mapping of one image: finds runs, reading L1 and L2 pages as they are needed. */
export class ClusterMap {
  readonly #options: ClusterMapOptions;
  readonly #l1Entries: number;

  constructor(options: ClusterMapOptions) {
    this.#options = options;
    this.#l1Entries = Math.ceil(options.sizeBytes / options.geometry.l2CoverageBytes);
  }

  /** See `Layer.runAt`. */
  runAt(offset: number, end: number): Run | Promise<Run> {
    const { geometry, l1Offset, tables } = this.#options;
    const index = Math.floor(offset / geometry.l2CoverageBytes);
    const perPage = TABLE_PAGE_BYTES / 8;
    const first = Math.floor(index / perPage) * perPage;
    const length = Math.min(perPage, this.#l1Entries - first) * 8;
    const page = tables.whole(l1Offset + first * 8, length, 'the L1 table');
    if (page instanceof Promise) return page.then((loaded) => this.#inL1(loaded, first, offset, end));
    return this.#inL1(page, first, offset, end);
  }

  #inL1(l1: DataView, first: number, offset: number, end: number): Run | Promise<Run> {
    const { geometry, tables } = this.#options;
    const coverage = geometry.l2CoverageBytes;
    const index = Math.floor(offset / coverage);
    const l2Offset = l2OffsetAt(l1, index - first, geometry.clusterBytes);
    if (l2Offset === 0) return absentRun(l1, first, offset, end, coverage);
    const pageBytes = Math.min(TABLE_PAGE_BYTES, geometry.clusterBytes);
    const entry = Math.floor((offset - index * coverage) / geometry.clusterBytes);
    const pageAt = Math.floor((entry * geometry.l2EntryBytes) / pageBytes) * pageBytes;
    const pageGuest = index * coverage + (pageAt / geometry.l2EntryBytes) * geometry.clusterBytes;
    const page = tables.whole(l2Offset + pageAt, pageBytes, 'an L2 table');
    if (page instanceof Promise) return page.then((loaded) => this.#inL2(loaded, pageGuest, offset, end));
    return this.#inL2(page, pageGuest, offset, end);
  }

  #inL2(page: DataView, pageGuest: number, offset: number, end: number): Run {
    const scan = { page, pageGuest, offset, end, ...this.#options };
    return this.#options.geometry.extendedL2 ? scanSubclusters(scan) : scanClusters(scan);
  }
}

function l2OffsetAt(l1: DataView, index: number, clusterBytes: number): number {
  const high = l1.getUint32(index * 8) & OFFSET_HIGH;
  const low = (l1.getUint32(index * 8 + 4) & OFFSET_LOW) >>> 0;
  const offset = high * 2 ** 32 + low;
  if (offset % clusterBytes !== 0) throw corrupt('an L1 entry does not point to a cluster boundary');
  return offset;
}

/** Skips all empty L1 entries of the page at once: terabytes of nothing cost a few comparisons. */
function absentRun(l1: DataView, first: number, offset: number, end: number, coverage: number): Run {
  const stop = Math.min(Math.ceil(end / coverage) - first, l1.byteLength / 8);
  let index = Math.floor(offset / coverage) - first + 1;
  while (index < stop && isEmpty(l1, index)) index += 1;
  return { kind: 'absent', start: offset, end: Math.min((first + index) * coverage, end) };
}

function isEmpty(l1: DataView, index: number): boolean {
  const high = l1.getUint32(index * 8) & OFFSET_HIGH;
  return high === 0 && (l1.getUint32(index * 8 + 4) & OFFSET_LOW) === 0;
}
