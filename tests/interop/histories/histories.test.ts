import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { ImageHistory } from './image-history.ts';

const HISTORIES = Math.ceil(14 * testScale());
const ACTS = 22;
/** Process death keeps what the kernel has: memory will do, and syncs cost nothing there. */
const ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

describeWithPeers(['qemu-img', 'qemu-io'], 'any history of an image and its backups', () => {
  it(`leaves every surviving point equal to its instant, byte for byte (seeds from ${testSeed()})`, {
    timeout: 120_000 * HISTORIES,
  }, async () => {
    const total = { backups: 0, crashes: 0, images: 0 };
    for (let seed = testSeed(); seed < testSeed() + HISTORIES; seed += 1) {
      const folder = await mkdtemp(join(ROOM, 'sendense-history-'));
      const history = await ImageHistory.begin(folder, seed);
      try {
        for (let act = 0; act < ACTS; act += 1) await history.act();
        total.images += await history.end();
      } catch (error) {
        const told = history.log.join('\n  ');
        throw new Error(`repeat it by SENDENSE_TEST_SEED=${seed}:\n  ${told}`, { cause: error });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
      total.backups += history.backups;
      total.crashes += history.crashes;
    }
    console.info(`${HISTORIES} histories from seed ${testSeed()}: ${JSON.stringify(total)}`);
    expect(total.crashes).toBeGreaterThan(HISTORIES);
  });
});
