import type { PointDisk, RecoveryPoint, RepositoryId } from '@sendense/core';
import type { ChainTable, MachineTable, PointDiskTable, PointTable } from '../schema/tables.ts';

/** The rows of one machine of one repository. */
export type MachineRows = {
  readonly machine: MachineTable;
  readonly points: readonly PointTable[];
  readonly disks: readonly PointDiskTable[];
  readonly chains: readonly ChainTable[];
};

function pointRow(repository: RepositoryId, point: RecoveryPoint): PointTable {
  return {
    repository_id: repository,
    id: point.id,
    machine_key: point.machine,
    stream_id: point.stream,
    sequence: point.sequence,
    instant_id: point.instant,
    at: point.at.toISOString(),
    kind: point.kind,
    parent_id: point.parentId,
    consistency: point.consistency,
    stored_bytes: point.storedBytes,
    held: point.held ? 1 : 0,
    note: point.note,
  };
}

/** The full that a disk of a point builds on, at whatever depth. A missing base ends the walk and is named itself. */
function fullPointOf(
  point: RecoveryPoint,
  disk: PointDisk,
  byId: ReadonlyMap<string, RecoveryPoint>,
): string {
  let at = point.id;
  let base = disk.base;
  // a record that names itself as its base, over however many steps, must not hang the walk
  for (let steps = 0; base !== null && steps < byId.size; steps++) {
    at = base;
    base = byId.get(base)?.disks.find(({ id }) => id === disk.id)?.base ?? null;
  }
  return at;
}

function diskRow(
  repository: RepositoryId,
  point: RecoveryPoint,
  disk: PointDisk,
  fullPoint: string,
): PointDiskTable {
  return {
    repository_id: repository,
    point_id: point.id,
    disk_number: disk.number,
    disk_id: disk.id,
    size_bytes: disk.sizeBytes,
    base_point_id: disk.base,
    full_point_id: fullPoint,
    reason: disk.reason,
    stored_bytes: disk.storedBytes,
    written_bytes: disk.writtenBytes,
    path: disk.path ?? null,
  };
}

function chainRows(machine: MachineTable, disks: readonly PointDiskTable[]): ChainTable[] {
  const chains = new Map<string, ChainTable>();
  for (const disk of disks) {
    const key = `${disk.disk_number}\n${disk.full_point_id}`;
    const chain = chains.get(key) ?? {
      repository_id: machine.repository_id,
      machine_key: machine.machine_key,
      disk_number: disk.disk_number,
      full_point_id: disk.full_point_id,
      points: 0,
      stored_bytes: 0,
    };
    chains.set(key, {
      ...chain,
      points: chain.points + 1,
      stored_bytes: chain.stored_bytes + disk.stored_bytes,
    });
  }
  return [...chains.values()];
}

/** The rows of a machine whose committed points, oldest first, are `points`; `undefined` when it has none. */
export function machineRows(
  repository: RepositoryId,
  points: readonly RecoveryPoint[],
): MachineRows | undefined {
  const newest = points.at(-1);
  if (newest === undefined) return undefined;
  const byId = new Map<string, RecoveryPoint>(points.map((point) => [point.id, point]));
  const machine = {
    repository_id: repository,
    machine_key: newest.machine,
    name: newest.spec.name,
    platform: newest.spec.platform,
  };
  const disks = points.flatMap((point) =>
    point.disks.map((disk) => diskRow(repository, point, disk, fullPointOf(point, disk, byId))),
  );
  return {
    machine,
    points: points.map((point) => pointRow(repository, point)),
    disks,
    chains: chainRows(machine, disks),
  };
}
