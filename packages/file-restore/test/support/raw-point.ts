import { stat } from 'node:fs/promises';
import { createFileDriver } from '@sendense/blockio-file';
import { type BlockReader, diskId, type PointReader, type RecoveryPoint } from '@sendense/core';

/** Readers as a point that a repository opened: what browsing asks of one. */
export function pointOf(readers: readonly BlockReader[]): PointReader {
  const disks = readers.map((reader, index) => ({
    id: diskId(`disk ${index}`),
    slot: { bus: 'virtio', controller: 0, unit: index, bootOrder: null } as const,
    sizeBytes: reader.sizeBytes,
    sectorBytes: 512 as const,
    reader,
    changes: { kind: 'full', reason: 'requested', detail: '' } as const,
  }));
  const point = { disks: disks.map(({ id }, number) => ({ id, number })) } as unknown as RecoveryPoint;
  return {
    point,
    disks: disks as unknown as PointReader['disks'],
    artifacts: [],
    async [Symbol.asyncDispose]() {
      await Promise.all(readers.map((reader) => reader[Symbol.asyncDispose]()));
    },
  };
}

/** Raw disk files as a point. */
export async function openRawPoint(...paths: readonly string[]): Promise<PointReader> {
  const driver = createFileDriver();
  const readers = paths.map(async (path) => driver.openReader({ kind: 'file', path }));
  await Promise.all(paths.map((path) => stat(path)));
  return pointOf(await Promise.all(readers));
}
