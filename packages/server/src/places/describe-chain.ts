import type { backupChainSchema } from '@sendense/api';
import type { PointDisk, RecoveryPoint } from '@sendense/core';
import type { z } from 'zod';
import type { FoundPoint } from './places.ts';

type BackupChain = z.output<typeof backupChainSchema>;
type ChainLink = BackupChain['disks'][number]['chain'][number];

/** What each disk of `newest` is read through, from the full on; its bases are among `found`. */
export function describeChain(newest: FoundPoint, found: readonly FoundPoint[]): BackupChain {
  const here = found.filter(({ repositoryName }) => repositoryName === newest.repositoryName);
  const byId = new Map<string, RecoveryPoint>(here.map(({ point }) => [point.id, point]));
  return {
    vm_name: newest.point.spec.name,
    machine_id: newest.point.machine,
    repository: newest.repositoryName,
    disks: newest.point.disks
      .toSorted((a, b) => a.number - b.number)
      .map((disk) => {
        const chain = linksOf(disk, newest.point, byId);
        return {
          id: `disk-${disk.number}`,
          chain,
          total_bytes: chain.reduce((sum, link) => sum + link.stored_bytes, 0),
        };
      }),
  };
}

function linksOf(
  disk: PointDisk,
  newest: RecoveryPoint,
  byId: ReadonlyMap<string, RecoveryPoint>,
): ChainLink[] {
  const links: ChainLink[] = [];
  let point: RecoveryPoint | undefined = newest;
  // a damaged record could name itself as its base
  while (point !== undefined && links.length <= byId.size) {
    const part: PointDisk | undefined = point.disks.find(({ id }) => id === disk.id);
    if (part === undefined) break;
    links.unshift({ backup_id: point.id, backup_type: kindOf(point, part), stored_bytes: part.storedBytes });
    point = part.base === null ? undefined : byId.get(part.base);
  }
  return links;
}

/** A disk may be full in an incremental point. */
function kindOf(point: RecoveryPoint, part: PointDisk): ChainLink['backup_type'] {
  if (part.base === null) return 'full';
  return point.kind === 'differential' ? 'differential' : 'incremental';
}
