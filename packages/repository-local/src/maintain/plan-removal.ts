import type { DiskId, PointId } from '@sendense/core';
import type { PointRecord } from '../records/point-record.ts';

/** A point that must be rewritten before what it builds on can go: the new base of each disk concerned. */
export type Rewrite = {
  readonly point: PointId;
  readonly onto: ReadonlyMap<DiskId, PointId | null>;
};

/**
 * Which points to rewrite, in this order, so that no point that stays builds on one of `removed`. Of several points that
 * build on the same one, the oldest takes its content in, and the others are then deltas of that one.
 */
export function planRemoval(
  records: readonly PointRecord[],
  removed: ReadonlySet<PointId>,
): readonly Rewrite[] {
  const byId = new Map(records.map((record) => [record.id, record]));
  const heirs = new Map<string, PointId>();
  const rewrites: Rewrite[] = [];
  const staying = records.filter(({ id }) => !removed.has(id)).toSorted((a, b) => a.sequence - b.sequence);
  for (const { id: point, disks } of staying) {
    const onto = new Map<DiskId, PointId | null>();
    for (const { id, base, sizeBytes } of disks) {
      if (base === null || !removed.has(base)) continue;
      const passed = passedBy(byId, removed, id, base);
      const heir = firstHeir(heirs, passed.removed, id);
      const fits = heir !== undefined && diskOf(byId.get(heir), id).sizeBytes <= sizeBytes;
      onto.set(id, fits ? heir : passed.end);
      for (const gone of passed.removed) {
        const key = `${gone} ${id}`;
        if (!heirs.has(key)) heirs.set(key, point);
      }
    }
    if (onto.size > 0) rewrites.push({ point, onto });
  }
  return rewrites;
}

/** The removed points below `base`, nearest first, and the first one that stays. */
function passedBy(
  byId: ReadonlyMap<PointId, PointRecord>,
  removed: ReadonlySet<PointId>,
  disk: DiskId,
  base: PointId,
): { readonly removed: readonly PointId[]; readonly end: PointId | null } {
  const passed: PointId[] = [];
  let next: PointId | null = base;
  while (next !== null && removed.has(next)) {
    passed.push(next);
    next = diskOf(byId.get(next), disk).base;
  }
  return { removed: passed, end: next };
}

function firstHeir(
  heirs: ReadonlyMap<string, PointId>,
  removed: readonly PointId[],
  disk: DiskId,
): PointId | undefined {
  for (const point of removed) {
    const heir = heirs.get(`${point} ${disk}`);
    if (heir !== undefined) return heir;
  }
  return undefined;
}

function diskOf(
  record: PointRecord | undefined,
  id: DiskId,
): { readonly base: PointId | null; readonly sizeBytes: number } {
  return record?.disks.find((disk) => disk.id === id) ?? { base: null, sizeBytes: 0 };
}
