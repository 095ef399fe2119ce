import { expect, test } from 'vitest';
import { CLUSTER_BYTES, clusterWrites, scatteredClusters } from './scattered.ts';

const size = 1000 * CLUSTER_BYTES;

test('a share of the clusters, each one once, all inside the disk', () => {
  const offsets = scatteredClusters(size, 0.05, 7);
  expect(offsets).toHaveLength(50);
  expect(new Set(offsets).size).toBe(50);
  expect(offsets.every((offset) => offset % CLUSTER_BYTES === 0 && offset < size)).toBe(true);
});

test('all of the disk is all of its clusters', () => {
  expect(scatteredClusters(size, 1, 7)).toEqual(Array.from({ length: 1000 }, (_, at) => at * CLUSTER_BYTES));
});

test('another seed changes other places', () => {
  expect(scatteredClusters(size, 0.05, 1)).not.toEqual(scatteredClusters(size, 0.05, 2));
});

test('no write is one of zeros', () => {
  const writes = clusterWrites(scatteredClusters(size, 1, 1), 254);
  expect(writes.some((write) => write.includes('-P 0 '))).toBe(false);
});
