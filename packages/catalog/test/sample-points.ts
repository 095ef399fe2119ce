import {
  diskId,
  instantId,
  type MachineKey,
  machineKey,
  type PointDisk,
  pointId,
  type RecoveryPoint,
  type Repository,
  type RepositoryId,
  repositoryId,
  streamId,
} from '@sendense/core';

/** A repository that holds exactly `list`; everything but `points` is missing. */
export function repositoryOf(list: RecoveryPoint[], id: RepositoryId = repositoryId('repo-1')): Repository {
  const partial: Pick<Repository, 'id' | 'kind' | 'points'> = {
    id,
    kind: 'sample',
    async *points(filter) {
      for (const point of list) {
        if (filter?.machine === undefined || point.machine === filter.machine) yield point;
      }
    },
  };
  return partial as Repository;
}

/** The key of machine number `n`. */
export function sampleMachine(n: number): MachineKey {
  return machineKey(`00000000-0000-5000-8000-${String(n).padStart(12, '0')}`);
}

/** Point `name` of machine `machine`: one disk for each entry of `bases`, whose value is its base. */
export function samplePoint(
  name: string,
  minute: number,
  bases: readonly (string | null)[],
  machine = 1,
): RecoveryPoint {
  const slot = { bus: 'virtio', controller: 0, unit: 0 } as const;
  const disks: PointDisk[] = bases.map((base, number) => ({
    id: diskId(`disk ${number}`),
    number,
    slot,
    sizeBytes: 1 << 20,
    sectorBytes: 512,
    base: base === null ? null : pointId(base),
    reason: base === null ? 'first-backup' : null,
    storedBytes: 100 + minute,
    writtenBytes: 65_536,
    path: `m/disk-${number}/${name}.qcow2`,
  }));
  const parent = bases.find((base) => base !== null) ?? null;
  return {
    id: pointId(name),
    instant: instantId(`i-${name}`),
    at: new Date(Date.UTC(2026, 9, 4, 12, minute)),
    machine: sampleMachine(machine),
    stream: streamId(`s-${machine}`),
    sequence: minute,
    kind: parent === null ? 'full' : 'incremental',
    spec: {
      schema: 1,
      name: `vm-${machine}`,
      platform: 'image',
      firmware: 'bios',
      architecture: 'x86_64',
      disks: [],
      nics: [],
    },
    consistency: 'crash',
    disks,
    skipped: [],
    findings: [],
    parentId: parent === null ? null : pointId(parent),
    storedBytes: 200,
    states: [],
    artifacts: [],
    held: name === 'held',
    note: null,
  };
}
