import { expect, it } from 'vitest';
import { Fields } from '../bytes/fields.ts';
import type { MappedAttribute } from './attribute.ts';
import { clusterRuns } from './cluster-runs.ts';

const CLUSTERS = 100_000;

function runsOf(hex: string, firstCluster: number, endCluster: number) {
  const attribute = { firstCluster, endCluster, runs: new Fields(Buffer.from(hex, 'hex')) };
  return [...clusterRuns(attribute as unknown as MappedAttribute, CLUSTERS)];
}

it('Runs begin so many clusters behind the one before, or before it', () => {
  // 24 at 0x5634; 3 with a distance of -2; zeros behind the end
  expect(runsOf('211834561103fe0000', 0, 0x1b)).toEqual([
    { fileBlock: 0, blocks: 0x18, volumeBlock: 0x5634 },
    { fileBlock: 0x18, blocks: 3, volumeBlock: 0x5632 },
  ]);
});

it('A run without a place is a hole, and the next one counts from the run before it', () => {
  expect(runsOf('110410010511020100', 7, 18)).toEqual([
    { fileBlock: 7, blocks: 4, volumeBlock: 16 },
    { fileBlock: 16, blocks: 2, volumeBlock: 17 },
  ]);
});

it('Distances of eight bytes are read', () => {
  expect(runsOf('8101010000000000000000', 0, 1)).toEqual([{ fileBlock: 0, blocks: 1, volumeBlock: 1 }]);
});

it.each([
  ['lie before the volume', '1101ff00', 1],
  ['lie behind the volume', '31017f000200', 1],
  ['begin inside of the volume and end behind it', '32ff0096860100', 255],
  ['have no clusters', '11000100', 1],
  ['have a negative length', '11ff0100', 1],
  ['have no length', '1001', 1],
  ['have a length that no number has', '1901020304050607080901', 1],
  ['are cut off', '21', 1],
  ['are more than the attribute says', '11020100', 1],
  ['are less than the attribute says', '11010100', 2],
  ['are none', '', 1],
])('Runs that %s are damage', (_, hex, end) => {
  expect(() => runsOf(hex, 0, end)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
});
