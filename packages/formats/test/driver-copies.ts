import assert from 'node:assert/strict';
import { createFileDriver } from '@sendense/blockio-file';
import type { BlockIoDriver, Extent, TransferRequest } from '@sendense/core';
import { seededBytes, seededInteger } from '@sendense/testkit';

/** Clusters and grains of the images that are copied into. */
export const CLUSTER = 65_536;

/** The file driver, and what it was asked to move. */
export function watchedDriver(): { readonly driver: BlockIoDriver; readonly requests: TransferRequest[] } {
  const driver = createFileDriver();
  const requests: TransferRequest[] = [];
  const transfer: NonNullable<BlockIoDriver['transfer']> = (request, call) => {
    requests.push(request);
    return driver.transfer?.(request, call) ?? assert.fail('the file driver transfers');
  };
  return { driver: { ...driver, transfer }, requests };
}

/** Bytes that a transfer moves. */
export function bytesOf({ moves }: TransferRequest): number {
  return moves.filter((_, slot) => slot % 4 === 3).reduce((sum, length) => sum + length, 0);
}

/** Extents as a stream. */
export async function* listed(extents: readonly Extent[]): AsyncGenerator<Extent> {
  yield* extents;
}

/** Clusters of random bytes, of zeros, and of zeros but for their end. */
export function diskBytes(random: () => number, clusters: number, tail: number): Buffer {
  const disk = Buffer.alloc(clusters * CLUSTER + tail);
  for (let cluster = 0; cluster < clusters; cluster += 1) {
    const kind = seededInteger(random, 3);
    const seed = 1 + seededInteger(random, 1e6);
    if (kind === 1) disk.set(seededBytes(seed, CLUSTER), cluster * CLUSTER);
    if (kind === 2) disk[(cluster + 1) * CLUSTER - 1] = 1;
  }
  if (tail > 0 && seededInteger(random, 2) === 1) disk.fill(7, clusters * CLUSTER);
  return disk;
}

/** Data and zero extents with gaps between. */
export function someExtents(random: () => number, sizeBytes: number): readonly Extent[] {
  const extents: Extent[] = [];
  for (let offset = 0; offset < sizeBytes; ) {
    const length = Math.min(sizeBytes - offset, CLUSTER * (1 + seededInteger(random, 6)));
    const kind = seededInteger(random, 4);
    if (kind > 0) extents.push({ offset, length, kind: kind === 1 ? 'zero' : 'data' });
    offset += length;
  }
  return extents;
}
