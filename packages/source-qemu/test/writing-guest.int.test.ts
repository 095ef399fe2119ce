import type { Capture } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { LiveBench, type Received } from './live-bench.ts';
import { ourObjects } from './live-fixture.ts';
import { WritingGuest } from './writing-guest.ts';

const MIB = 2 ** 20;
const PEERS = ['qemu-system-x86_64', 'qemu-img'];

/**
 * Backs a machine up again and again while its guest writes; each point must be the disks after one write. Resolves with
 * the kinds of the points.
 */
async function liveThrough(
  count: number,
  rounds: number,
  seed: number,
  options: { readonly recent?: boolean } = {},
): Promise<readonly string[]> {
  console.log(`seed ${seed}`);
  await using bench = await LiveBench.open({ count, sizeBytes: 4 * MIB }, options);
  const source = bench.source();
  const guest = new WritingGuest(bench.qemu, bench.ids, 4 * MIB, seed);
  guest.start();
  await guest.more(50);
  let last: Received | undefined;
  const kinds: string[] = [];
  try {
    for (let round = 0; round <= rounds; round++) {
      const before = guest.writes;
      const look = async (capture: Capture) => {
        kinds.push(...new Set(capture.disks.map(({ changes }) => changes.kind)));
        await guest.more(20); // these must not be in this point, and be in the next
      };
      const next: Received = await bench.round(source, last, {}, look);
      const write = guest.writeOf(next.disks, before);
      expect(write, `round ${round}: the disks are of no one moment`).toBeDefined();
      expect(write).toBeLessThanOrEqual(guest.writes - 20);
      if (last?.state != null) await source.retire([last.state]);
      last = next;
    }
  } finally {
    await guest.stop();
  }
  expect(await ourObjects(bench.qemu, bench.folder)).toHaveLength(count); // the baseline of the last point
  return kinds;
}

describeWithPeers(PEERS, 'a guest that writes while it is backed up', () => {
  const rounds = 10 * testScale();
  const expected = ['full', ...Array.from({ length: rounds }, () => 'incremental')];

  it('is in each point as it was after one of its writes: a full and ten increments of one disk', async () => {
    expect(await liveThrough(1, rounds, testSeed())).toEqual(expected);
  });

  it('is in each point as it was after one of its writes, three disks at once', async () => {
    expect(await liveThrough(3, rounds, testSeed() + 1)).toEqual(expected);
  });
});

describeWithPeers(
  [...PEERS, 'qemu-recent'],
  'a guest of a recent QEMU that writes while it is backed up',
  () => {
    it('is in each point as it was after one of its writes', async () => {
      const expected = ['full', 'incremental', 'incremental', 'incremental'];
      expect(await liveThrough(2, 3, testSeed() + 2, { recent: true })).toEqual(expected);
    });
  },
);
