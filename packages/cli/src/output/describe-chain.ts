import type { BackupKind, DiskId, PointDisk, RecoveryPoint } from '@sendense/core';
import { diskPath } from './describe-point.ts';

/** A link of a chain. */
export type ChainLink = {
  readonly pointId: string;
  readonly kind: BackupKind;
  readonly path: string | null;
  readonly bytesStored: number;
};

/** What one disk of a point is read through, from the full to the point. */
export type DiskChain = { readonly id: string; readonly chain: ChainLink[]; readonly totalBytes: number };

/** What a machine is read through as the command line prints it. */
export type PrintedChain = {
  /** Key of the machine. */
  readonly machine: string;
  readonly machineName: string;
  readonly disks: readonly DiskChain[];
};

function kindOfDisk(point: RecoveryPoint, base: string | null): BackupKind {
  if (base === null) return 'full';
  return point.kind === 'differential' ? 'differential' : 'incremental';
}

function linksOf(
  disk: DiskId,
  newest: RecoveryPoint,
  byId: ReadonlyMap<string, RecoveryPoint>,
  folder: string,
): ChainLink[] {
  const links: ChainLink[] = [];
  let point: RecoveryPoint | undefined = newest;
  // a damaged record could name itself as its base
  while (point !== undefined && links.length <= byId.size) {
    const part: PointDisk | undefined = point.disks.find(({ id }) => id === disk);
    if (part === undefined) break;
    links.unshift({
      pointId: point.id,
      kind: kindOfDisk(point, part.base),
      path: diskPath(part, folder),
      bytesStored: part.storedBytes,
    });
    point = part.base === null ? undefined : byId.get(part.base);
  }
  return links;
}

/** The chains of the disks of `newest`, whose bases are among `points`. */
export function describeChains(
  newest: RecoveryPoint,
  points: readonly RecoveryPoint[],
  folder: string,
): DiskChain[] {
  const byId = new Map<string, RecoveryPoint>(points.map((point) => [point.id, point]));
  return newest.disks
    .toSorted((a, b) => a.number - b.number)
    .map((disk) => {
      const chain = linksOf(disk.id, newest, byId, folder);
      const totalBytes = chain.reduce((sum, link) => sum + link.bytesStored, 0);
      return { id: `disk-${disk.number}`, chain, totalBytes };
    });
}
