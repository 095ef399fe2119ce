import { join } from 'node:path';
import type { ArtifactName, MachineKey, PointId } from '@sendense/core';

const MACHINE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const POINT = /^\d{8}-\d{6}-([A-Za-z0-9][A-Za-z0-9._:-]{0,127})\.json$/;
const DISK = /^disk-(0|[1-9]\d{0,8})$/;

/** Where the files of one machine are. */
export type MachinePaths = {
  readonly machine: MachineKey;
  readonly folder: string;
  readonly record: string;
  /** There while points are being taken into another. */
  readonly merge: string;
  readonly points: string;
  readonly artifacts: string;
  /** Locks and holds: nothing in it outlives the sessions. */
  readonly locks: string;
  readonly holds: string;
  disk(number: number): string;
};

/** The paths of `machine` below `root`. */
export function machinePaths(root: string, machine: MachineKey): MachinePaths {
  const folder = join(root, machine);
  return {
    machine,
    folder,
    record: join(folder, 'machine.json'),
    merge: join(folder, 'merge.json'),
    points: join(folder, 'points'),
    artifacts: join(folder, 'artifacts'),
    locks: join(root, 'locks', machine),
    holds: join(root, 'locks', machine, 'holds'),
    disk: (number) => join(folder, `disk-${number}`),
  };
}

/** Whether a name in the root is a machine's folder. */
export function isMachineName(name: string): name is MachineKey {
  return MACHINE.test(name);
}

/** File name of a point record. */
export function pointFileName(stamp: string, id: PointId): string {
  return `${stamp}-${id}.json`;
}

/** The point whose record has this name, or `undefined` when the name is not ours. */
export function pointOfFileName(name: string): PointId | undefined {
  return POINT.exec(name)?.[1] as PointId | undefined;
}

/** File name of an artifact. */
export function artifactFileName(stamp: string, id: PointId, name: ArtifactName): string {
  return `${stamp}-${id}-${name}.bin`;
}

/** The N of `disk-N`, or `undefined` when the name is not ours. */
export function diskNumberOf(name: string): number | undefined {
  const [, digits] = DISK.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
