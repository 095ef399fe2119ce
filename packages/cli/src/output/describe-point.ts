import { isAbsolute, join } from 'node:path';
import type { Json, PointDisk, RecoveryPoint } from '@sendense/core';

/** A disk of a point as the command line prints it. */
export type PrintedDisk = {
  /** `disk-N`. */
  readonly id: string;
  readonly sizeBytes: number;
  /** Absolute; `null` where the repository keeps no plain files, and of a server. */
  readonly path: string | null;
};

/** A point as the command line prints it. */
export type PrintedPoint = {
  readonly id: string;
  /** Where it is: the folder, or the address in a service; the name of the repository at a server. */
  readonly repository: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly instant: string;
  /** Key of the machine. */
  readonly machine: string;
  readonly machineName: string;
  readonly kind: string;
  readonly parentId: string | null;
  readonly consistency: string;
  readonly bytesStored: number;
  readonly held: boolean;
  readonly note: string | null;
  readonly disks: PrintedDisk[];
};

/** A point with its machine as the command line prints it. */
export type PrintedPointDetails = PrintedPoint & {
  /** The neutral machine model, without absent fields. */
  readonly spec: Json;
};

/** Where the file of a disk is. */
export function diskPath(disk: PointDisk, folder: string): string | null {
  if (disk.path === undefined) return null;
  return isAbsolute(disk.path) ? disk.path : join(folder, disk.path);
}

/** See {@link PrintedPoint}; `folder` is that of the repository, or its address. */
export function describePoint(point: RecoveryPoint, folder: string): PrintedPoint {
  return {
    id: point.id,
    repository: folder,
    instant: point.at.toISOString(),
    machine: point.machine,
    machineName: point.spec.name,
    kind: point.kind,
    parentId: point.parentId,
    consistency: point.consistency,
    bytesStored: point.storedBytes,
    held: point.held,
    note: point.note,
    disks: point.disks
      .toSorted((a, b) => a.number - b.number)
      .map((disk) => ({
        id: `disk-${disk.number}`,
        sizeBytes: disk.sizeBytes,
        path: diskPath(disk, folder),
      })),
  };
}
