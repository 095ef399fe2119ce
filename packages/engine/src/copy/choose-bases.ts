import type { DiskId, PointDisk, PointId, RecoveryPoint } from '@sendense/core';
import type { CopyRun } from './copy-run.ts';

/**
 * On which point each disk of a copy builds: its own base where both repositories hold the same one, else the nearest ancestor
 * that both hold, else none.
 */
export function chooseBases(run: CopyRun, point: RecoveryPoint): ReadonlyMap<DiskId, PointId | null> {
  return new Map(point.disks.map((disk) => [disk.id, nearestBase(run, disk)]));
}

function nearestBase({ held, originals }: CopyRun, disk: PointDisk): PointId | null {
  let base = disk.base;
  // a damaged record could name itself as its base
  for (let steps = 0; base !== null && steps <= originals.size; steps += 1) {
    const original = originals.get(base);
    const below = original?.disks.find(({ id }) => id === disk.id);
    if (original === undefined || below === undefined) return null;
    const copy = held.points.get(base);
    if (copy?.instant === original.instant && copy.disks.some(({ id }) => id === disk.id)) return base;
    base = below.base;
  }
  return null;
}
