import { SendenseError } from '@sendense/core';
import { MAX_L1_BYTES, MAX_REFCOUNT_TABLE_BYTES } from './constants.ts';

/** Bytes of the refcounts that we write: 16 bits, what every version of QEMU reads. */
export const REFCOUNT_BYTES = 2;

/**
 * Where the fixed structures of a new image lie, in clusters: header, refcount table, L1 table and the refcount blocks
 * that count those (and themselves). Everything else is appended. Each later refcount block is the first cluster of the
 * range that it counts.
 */
export type ImageLayout = {
  readonly clusterBytes: number;
  readonly refcountsPerBlock: number;
  readonly refcountTableCluster: number;
  readonly refcountTableClusters: number;
  readonly l1Cluster: number;
  readonly l1Clusters: number;
  readonly l1Entries: number;
  readonly firstBlockCluster: number;
  /** Refcount blocks that lie together behind the L1 table. */
  readonly firstBlocks: number;
};

/** The layout of an image of `sizeBytes`. Throws `CONFIG_INVALID` when the clusters are too small for it. */
export function layoutOf(sizeBytes: number, clusterBytes: number): ImageLayout {
  const refcountsPerBlock = clusterBytes / REFCOUNT_BYTES;
  const l2Tables = Math.max(1, Math.ceil(sizeBytes / ((clusterBytes / 8) * clusterBytes)));
  const l1Clusters = Math.ceil((l2Tables * 8) / clusterBytes);
  // A compressed cluster may leave the rest of a host cluster unused before each table, hence two for each.
  const appended = Math.ceil(sizeBytes / clusterBytes) + 2 * l2Tables + l1Clusters;
  const blocks = Math.ceil((appended * 1.02) / (refcountsPerBlock - 2)) + 4;
  const refcountTableClusters = Math.ceil((blocks * 8) / clusterBytes);
  if (l2Tables * 8 > MAX_L1_BYTES || refcountTableClusters * clusterBytes > MAX_REFCOUNT_TABLE_BYTES) {
    throw new SendenseError(
      'CONFIG_INVALID',
      `clusters of ${clusterBytes} bytes are too small for a disk of ${sizeBytes} bytes`,
      { operation: 'create-image', remedy: 'use larger clusters: 65536 bytes carry any disk up to 256 TiB' },
    );
  }
  const front = 1 + refcountTableClusters + l1Clusters;
  return {
    clusterBytes,
    refcountsPerBlock,
    refcountTableCluster: 1,
    refcountTableClusters,
    l1Cluster: 1 + refcountTableClusters,
    l1Clusters,
    l1Entries: l2Tables,
    firstBlockCluster: front,
    firstBlocks: Math.ceil(front / (refcountsPerBlock - 1)),
  };
}

/** The cluster that holds refcount block `index`. */
export function blockCluster(layout: ImageLayout, index: number): number {
  return index < layout.firstBlocks ? layout.firstBlockCluster + index : index * layout.refcountsPerBlock;
}
