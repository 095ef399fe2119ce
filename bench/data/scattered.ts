import { seededInteger, seededRandom } from '@sendense/testkit';

/** A bit of a dirty bitmap and a cluster of QCOW2. */
export const CLUSTER_BYTES = 65_536;

/**
 * Offsets of clusters that are `share` (0 to 1) of a disk, one in each of as many equal stretches, at a place that the
 * seed decides; at least one.
 */
export function scatteredClusters(sizeBytes: number, share: number, seed: number): number[] {
  const clusters = Math.floor(sizeBytes / CLUSTER_BYTES);
  const count = Math.max(1, Math.round(clusters * share));
  const stretch = clusters / count;
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const first = Math.floor(index * stretch);
    const end = Math.max(first + 1, Math.floor((index + 1) * stretch));
    return (first + seededInteger(random, end - first)) * CLUSTER_BYTES;
  });
}

/** The commands of qemu-io that write these clusters, each with a byte value that the seed decides. */
export function clusterWrites(offsets: readonly number[], seed: number): string[] {
  return offsets.map(
    (offset, index) => `write -q -P ${1 + ((index + seed) % 255)} ${offset} ${CLUSTER_BYTES}`,
  );
}
