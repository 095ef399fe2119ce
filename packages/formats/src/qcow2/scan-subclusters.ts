import type { Run } from '../chain/run.ts';
import { COMPRESSED_HIGH, SUBCLUSTERS } from './constants.ts';
import { corrupt } from './format-error.ts';
import { compressedRun, hostOffsetOf, type Scan } from './scan-clusters.ts';

type Entry = {
  readonly clusterAt: number;
  readonly host: number | undefined;
  readonly allocated: number;
  readonly zeros: number;
};

/** The run at `scan.offset` in a page of extended (16-byte) L2 entries: the unit is a subcluster. */
export function scanSubclusters(scan: Scan): Run {
  const { page, pageGuest, offset, end, geometry } = scan;
  const unit = geometry.clusterBytes / SUBCLUSTERS;
  const index = Math.floor((offset - pageGuest) / geometry.clusterBytes);
  const high = page.getUint32(index * 16);
  if (high & COMPRESSED_HIGH) {
    return compressedRun(
      scan,
      pageGuest + index * geometry.clusterBytes,
      high,
      page.getUint32(index * 16 + 4),
    );
  }
  const first = entryAt(scan, index);
  const kind = kindOf(first, Math.floor((offset - first.clusterAt) / unit));
  const limit = Math.min(end, pageGuest + (page.byteLength / 16) * geometry.clusterBytes);
  let at = Math.floor(offset / unit) * unit + unit;
  let entry = first;
  while (at < limit) {
    if (at >= entry.clusterAt + geometry.clusterBytes) {
      const next = Math.floor((at - pageGuest) / geometry.clusterBytes);
      if (page.getUint32(next * 16) & COMPRESSED_HIGH) break;
      entry = entryAt(scan, next);
      if (kind === 'data' && entry.host !== hostAfter(first, entry)) break;
    }
    if (kindOf(entry, (at - entry.clusterAt) / unit) !== kind) break;
    at += unit;
  }
  const stop = Math.min(at, limit);
  if (kind !== 'data') return { kind, start: offset, end: stop };
  return { kind, start: offset, end: stop, hostOffset: (first.host ?? 0) + offset - first.clusterAt };
}

function hostAfter(first: Entry, entry: Entry): number {
  return (first.host ?? 0) + entry.clusterAt - first.clusterAt;
}

function entryAt(scan: Scan, index: number): Entry {
  const { page, pageGuest, geometry } = scan;
  const clusterAt = pageGuest + index * geometry.clusterBytes;
  const high = page.getUint32(index * 16);
  const low = page.getUint32(index * 16 + 4);
  const zeros = page.getUint32(index * 16 + 8);
  const allocated = page.getUint32(index * 16 + 12);
  const host = hostOffsetOf(scan, high, low, clusterAt);
  if ((allocated & zeros) !== 0 || (host === undefined && allocated !== 0)) {
    throw corrupt(`the subclusters of guest offset ${clusterAt} contradict each other`);
  }
  return { clusterAt, host, allocated, zeros };
}

function kindOf(entry: Entry, subcluster: number): 'data' | 'zero' | 'absent' {
  if ((entry.allocated >>> subcluster) & 1) return 'data';
  return (entry.zeros >>> subcluster) & 1 ? 'zero' : 'absent';
}
