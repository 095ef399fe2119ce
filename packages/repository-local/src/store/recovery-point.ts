import { join } from 'node:path';
import type { RecoveryPoint } from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import type { PointRecord } from '../records/point-record.ts';

/** A committed point as callers see it. */
export function toRecoveryPoint(record: PointRecord, paths: MachinePaths): RecoveryPoint {
  return {
    ...record,
    disks: record.disks.map(({ file, ...disk }) => ({ ...disk, path: join(paths.folder, file) })),
    artifacts: record.artifacts.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
  };
}

/** Growth of the repository by a file: the blocks it takes, or its length where blocks are not told. */
export function storedBytesOf(status: {
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
}): number {
  const whole = Math.ceil(status.sizeBytes / 4096) * 4096;
  return status.allocatedBytes === 0 ? status.sizeBytes : Math.min(whole, status.allocatedBytes);
}
