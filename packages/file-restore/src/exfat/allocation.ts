import type { Call } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { MappedBytes } from '../bytes/mapped-bytes.ts';
import { partOf } from '../bytes/mapped-source.ts';
import { FIRST_CLUSTER, wholeChain } from '../fat/cluster-chain.ts';
import type { ExfatLayout } from './boot-region.ts';

/** A volume: its bytes, and those of its clusters. */
export type ExfatVolume = {
  readonly source: ByteSource;
  readonly heap: ByteSource;
  readonly layout: ExfatLayout;
};

/** Clusters of a file or folder: a chain in the table, or so many as it needs, one behind the other. */
export type Allocation = {
  readonly first: number;
  readonly isContiguous: boolean;
  readonly sizeBytes: number;
};

/** A volume of a layout. */
export function volumeOf(source: ByteSource, layout: ExfatLayout): ExfatVolume {
  const heap = partOf(source, layout.heapAt, layout.clusters * layout.clusterBytes);
  return { source, heap, layout };
}

/**
 * The clusters that hold the first `sizeBytes` bytes, as runs: blocks are clusters, those of the volume counted from the begin of the heap.
 * Rejects with `CORRUPT` where they end early, go round or lie outside.
 */
export async function* allocatedRuns(
  { source, layout }: ExfatVolume,
  { first, isContiguous, sizeBytes }: Allocation,
  call?: Call,
): AsyncGenerator<BlockRun, void, undefined> {
  const blocks = Math.ceil(sizeBytes / layout.clusterBytes);
  if (blocks === 0) return;
  if (!isContiguous) {
    yield* wholeChain(source, layout, first, blocks, call);
    return;
  }
  const volumeBlock = first - FIRST_CLUSTER;
  if (volumeBlock < 0 || volumeBlock + blocks > layout.clusters)
    throw damaged('the clusters of a file lie outside of its file system', { cluster: first, blocks });
  yield { fileBlock: 0, blocks, volumeBlock };
}

/** The bytes that clusters hold. */
export function allocatedBytes(volume: ExfatVolume, data: Allocation): MappedBytes {
  const { clusterBytes } = volume.layout;
  return new MappedBytes(volume.heap, clusterBytes, data.sizeBytes, ({ end }, call) =>
    allocatedRuns(volume, { ...data, sizeBytes: end * clusterBytes }, call),
  );
}
