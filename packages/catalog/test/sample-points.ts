import {
  type MachineKey,
  machineKey,
  type RecoveryPoint,
  type Repository,
  type RepositoryId,
  repositoryId,
  streamId,
} from '@sendense/core';
import { samplePoint } from '@sendense/testkit';

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

/** Point `name` of machine `machine`, of the minute `minute`: one disk for each entry of `bases`, whose value is its base. */
export function pointAt(
  name: string,
  minute: number,
  bases: readonly (string | null)[],
  machine = 1,
): RecoveryPoint {
  const point = samplePoint(name, bases, {
    at: new Date(Date.UTC(2026, 9, 4, 12, minute)),
    machine: sampleMachine(machine),
    stream: streamId(`s-${machine}`),
    sequence: minute,
    storedBytes: 200,
    held: name === 'held',
  });
  const disks = point.disks.map((disk) => ({ ...disk, storedBytes: 100 + minute }));
  return { ...point, disks, spec: { ...point.spec, name: `vm-${machine}` } };
}
