import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cutEverywhere, playRecorded } from './power-story.ts';
import type { RecordedFileSystem } from './recorded-disk.ts';

const SEED = testSeed();

/** Disks of a few hundred megabytes, mostly holes: in memory where that is offered. */
const ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/**
 * The syncs of a backup whose absence a real file system shows; the model in memory, which may lose whatever POSIX lets it,
 * shows all (`left-out-syncs.crash.test.ts`). Not among them: the first of two of an image, which nothing needs, and that of
 * the disk's folder, since the journals of both file systems make its names durable with the next file that is synced.
 */
const EXPOSED: Readonly<Record<RecordedFileSystem, readonly string[]>> = {
  ext4: ['image.partial', 'digests.partial', 'sidecar', 'point', '/points'],
  xfs: ['image.partial', 'digests.partial', 'sidecar', 'point', '/points'],
};

function isRecorded(name: string): name is RecordedFileSystem {
  return name in EXPOSED;
}

describeWithPeers(
  ['qemu-storage-daemon', 'qemu-img', 'fuse', 'loop-mounts', 'ext4-tools', 'xfs-tools'],
  'a local repository whose power fails',
  () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(ROOM, 'sendense-power-'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const inFolder = async <T>(use: (folder: string) => Promise<T>): Promise<T> => {
      const own = await mkdtemp(join(folder, 'run-'));
      try {
        return await use(own);
      } finally {
        await rm(own, { recursive: true, force: true });
      }
    };

    it.each(['ext4', 'xfs'] as const)(
      'keeps every acknowledged point bit-equal on %s',
      async (fileSystem) => {
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
      },
    );

    it('is damaged when all syncs are dropped, so the cuts can fail', async () => {
      await inFolder(async (own) => {
        const story = await playRecorded(own, 'ext4', SEED, 'all');
        const { damaged } = await cutEverywhere(story, { folder: own, seed: SEED, betweenFlushes: 0.5 });
        expect(damaged.length).toBeGreaterThan(0);
      });
    });

    it.each(Object.keys(EXPOSED).filter(isRecorded))(
      'is damaged on %s when one sync of a backup is left out',
      async (fileSystem) => {
        const whole = await inFolder((own) => playRecorded(own, fileSystem, SEED));
        const at = whole.chapters.findIndex(({ title }) => title === 'backup b');
        const [first, last] = [whole.chapters[at - 1]?.syncs ?? 0, whole.chapters[at]?.syncs ?? 0];
        for (const what of EXPOSED[fileSystem]) {
          const ordinal = whole.syncs.findLastIndex((sync, index) => index <= last && sync.endsWith(what));
          expect(ordinal, what).toBeGreaterThan(first);
          const { damaged } = await inFolder(async (own) => {
            const story = await playRecorded(own, fileSystem, SEED, String(ordinal));
            const position = (chapter: number) => story.chapters[chapter]?.position ?? 0;
            const between = { after: position(at - 1), before: position(at + 1) };
            return await cutEverywhere(story, { folder: own, seed: SEED, betweenFlushes: 0.3, between });
          });
          expect(damaged, `without the sync of ${what}`).not.toEqual([]);
          process.stdout.write(`${fileSystem}, without the sync of ${what}: ${damaged[0]?.damage[0]}\n`);
        }
      },
      900_000,
    );
  },
);
