import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { inFolder, POWER_PEERS } from './in-folder.ts';
import { cutEverywhere, playRecorded } from './power-story.ts';

const SEED = testSeed();

describeWithPeers([...POWER_PEERS], 'a local repository whose power fails', () => {
  it.each(['ext4', 'xfs'] as const)('keeps every acknowledged point bit-equal on %s', async (fileSystem) => {
    await inFolder(async (own) => {
      const story = await playRecorded(own, fileSystem, SEED);
      const { cuts, damaged } = await cutEverywhere(story, {
        folder: own,
        seed: SEED,
        betweenFlushes: Math.min(1, 0.15 * testScale()),
      });
      process.stdout.write(`${fileSystem}: ${cuts} power cuts, seed ${SEED}\n`);
      expect(damaged).toEqual([]);
      expect(cuts).toBeGreaterThan(50);
    });
  });

  it('is damaged when all syncs are dropped, so the cuts can fail', async () => {
    await inFolder(async (own) => {
      const story = await playRecorded(own, 'ext4', SEED, 'all');
      const { damaged } = await cutEverywhere(story, { folder: own, seed: SEED, betweenFlushes: 0.5 });
      expect(damaged.length).toBeGreaterThan(0);
    });
  });
});
