import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findDamage, type RecordedChapter } from './check-cut.ts';
import { type Cut, replayCuts } from './cuts.ts';
import { type RecordedFileSystem, type Recording, recordDisk } from './recorded-disk.ts';

const run = promisify(execFile);
const SEED = testSeed();

/** Disks of a few hundred megabytes, mostly holes: in memory where that is offered. */
const ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

type PlayedStory = {
  readonly recording: Recording;
  readonly chapters: readonly RecordedChapter[];
  /** What each sync made durable, by ordinal from 1. */
  readonly syncs: readonly string[];
};

/** Plays the story on a recorded disk, without the syncs in `dropped`. */
async function playRecorded(
  folder: string,
  fileSystem: RecordedFileSystem,
  dropped = 'none',
): Promise<PlayedStory> {
  let lines: string[] = [];
  const recording = await recordDisk(folder, fileSystem, async (mountPoint) => {
    const program = join(import.meta.dirname, 'play-story.ts');
    const args = [join(mountPoint, 'repository'), join(folder, 'log'), String(SEED), dropped];
    const { stdout } = await run(process.execPath, ['--conditions=@sendense/source', program, ...args]);
    lines = stdout.trim().split('\n');
  });
  const { syncs } = JSON.parse(lines.at(-1) ?? '') as { syncs: string[] };
  return {
    recording,
    syncs,
    chapters: lines.slice(0, -1).map((line) => JSON.parse(line) as RecordedChapter),
  };
}

class DamageFound extends Error {}

/** Cuts the power everywhere; returns how often, and the damage of the first damaged cut. */
async function cutEverywhere(folder: string, story: PlayedStory, betweenFlushes: number) {
  const damaged: { cut: Cut; damage: readonly string[] }[] = [];
  let cuts = 0;
  const options = { folder, seed: SEED, betweenFlushes };
  await replayCuts(story.recording, options, async (mountPoint, cut) => {
    cuts += 1;
    const damage = await findDamage(join(mountPoint, 'repository'), story.chapters, cut);
    if (damage.length === 0) return;
    damaged.push({ cut, damage });
    throw new DamageFound();
  }).catch((error: unknown) => {
    if (!(error instanceof DamageFound)) throw error;
  });
  return { cuts, damaged };
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
          const story = await playRecorded(own, fileSystem);
          const { cuts, damaged } = await cutEverywhere(own, story, Math.min(1, 0.15 * testScale()));
          process.stdout.write(`${fileSystem}: ${cuts} power cuts, seed ${SEED}\n`);
          expect(damaged).toEqual([]);
          expect(cuts).toBeGreaterThan(50);
        });
      },
    );

    it('is damaged when all syncs are dropped, so the cuts can fail', async () => {
      await inFolder(async (own) => {
        const story = await playRecorded(own, 'ext4', 'all');
        const { damaged } = await cutEverywhere(own, story, 0.5);
        expect(damaged.length).toBeGreaterThan(0);
      });
    });
  },
);
