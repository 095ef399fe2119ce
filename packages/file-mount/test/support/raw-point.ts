import { type BlockReader, diskId, type PointReader, pointId } from '@sendense/core';

/** Disks as a point that a repository opened: what mounting and browsing ask of one. */
export function pointOf(readers: readonly BlockReader[]): PointReader {
  const disks = readers.map((reader, index) => ({
    id: diskId(`disk ${index}`),
    sizeBytes: reader.sizeBytes,
    sectorBytes: 512 as const,
    reader,
  }));
  const point = {
    id: pointId('20261122-101500-7f3a'),
    disks: disks.map(({ id }, number) => ({ id, number })),
  };
  return {
    point: point as unknown as PointReader['point'],
    disks: disks as unknown as PointReader['disks'],
    artifacts: [],
    async [Symbol.asyncDispose]() {
      await Promise.all(readers.map((reader) => reader[Symbol.asyncDispose]()));
    },
  };
}
