import { seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { Machine } from './machine.ts';
import { type GuestWrite, touchedBytes } from './qemu.ts';
import { randomWrites } from './random-writes.ts';

const DISK_BYTES = 8 * 2 ** 20;
const ROUNDS = 10 * testScale();

describeWithPeers(['qemu-img', 'qemu-io'], 'two repositories of one disk', () => {
  it(`do not disturb each other's increments (${ROUNDS} rounds, seed ${testSeed()})`, async () => {
    const random = seededRandom(testSeed());
    await using machine = await Machine.create(DISK_BYTES);
    /** What the guest wrote since the last backup to each repository. */
    const since = new Map<string, GuestWrite[]>([
      ['near', []],
      ['far', []],
    ]);
    for (const repository of since.keys()) await machine.ctl(repository, 'repository', 'init');
    for (let round = 0; round < ROUNDS; round++) {
      const writes = randomWrites(random, DISK_BYTES);
      await machine.write(writes);
      const turn = random();
      for (const [repository, pending] of since) {
        pending.push(...writes);
        if (turn < 0.4 ? repository === 'far' : turn < 0.7 && repository === 'near') continue;
        const first = (await machine.points(repository)).length === 0;
        const made = await machine.backup(repository);
        expect(made.kind).toBe(first ? 'full' : 'incremental');
        if (!first) expect(made.changedBytes).toBe(touchedBytes(pending));
        pending.length = 0;
      }
    }
    for (const repository of since.keys()) expect(await machine.differences(repository)).toEqual([]);
  });
});
