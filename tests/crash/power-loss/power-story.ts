import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findDamage, type RecordedChapter } from './check-cut.ts';
import { type Cut, type CutOptions, replayCuts } from './cuts.ts';
import { type RecordedFileSystem, type Recording, recordDisk } from './recorded-disk.ts';

const run = promisify(execFile);

/** A story that was played on a recorded disk. */
export type PlayedStory = {
  readonly recording: Recording;
  readonly chapters: readonly RecordedChapter[];
  /** What each sync made durable, by ordinal from 1. */
  readonly syncs: readonly string[];
};

/** Plays the story on a recorded disk, without the syncs in `dropped`: ordinals as `3,7`, or `all`. */
export async function playRecorded(
  folder: string,
  fileSystem: RecordedFileSystem,
  seed: number,
  dropped = 'none',
): Promise<PlayedStory> {
  let lines: string[] = [];
  const recording = await recordDisk(folder, fileSystem, async (mountPoint) => {
    const program = join(import.meta.dirname, 'play-story.ts');
    const args = [join(mountPoint, 'repository'), join(folder, 'log'), String(seed), dropped];
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
export async function cutEverywhere(story: PlayedStory, options: CutOptions) {
  const damaged: { cut: Cut; damage: readonly string[] }[] = [];
  let cuts = 0;
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
