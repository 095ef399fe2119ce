import { describeWithPeers } from '@sendense/tests/peers';
import { testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { inFolder, POWER_PEERS } from './in-folder.ts';
import { cutEverywhere, type PlayedStory, playRecorded } from './power-story.ts';
import type { RecordedFileSystem } from './recorded-disk.ts';

const SEED = testSeed();

/** A sync by the end of its path, and which of those that end so in the chapter. */
type SyncName = readonly [what: string, occurrence: number];

const CONTENT: readonly SyncName[] = [
  ['image.partial', 2],
  ['digests.partial', 1],
  ['sidecar', 1],
];

/**
 * The syncs of each chapter whose absence a real file system shows; the model in memory, which may lose whatever POSIX lets
 * it, shows all (`left-out-syncs.crash.test.ts`). What is not here was left out too, and no cut showed it: the first of two
 * of an image, which nothing needs; those of folders whose names the journal makes durable with the next file that is
 * synced; on ext4 also those of files that are renamed over another, which it writes out by itself (`auto_da_alloc`); and
 * those of a deletion, without which points come back whole.
 */
const EXPOSED: Readonly<Record<RecordedFileSystem, Readonly<Record<string, readonly SyncName[]>>>> = {
  ext4: {
    'backup b': [...CONTENT, ['point', 1], ['/points', 1]],
    'consolidate c': CONTENT,
    prune: CONTENT,
  },
  xfs: {
    'backup b': [...CONTENT, ['point', 1], ['/points', 1]],
    'consolidate c': [...CONTENT, ['record', 1], ['image.partial', 4], ['record', 2]],
    prune: [...CONTENT, ['record', 1], ['image.partial', 4], ['record', 2]],
  },
};

/** The ordinal of a sync of the chapter at `at`. */
function ordinalOf({ chapters, syncs }: PlayedStory, at: number, [what, occurrence]: SyncName): number {
  const [first, last] = [chapters[at - 1]?.syncs ?? 0, chapters[at]?.syncs ?? 0];
  const ordinals = [...syncs.keys()].filter(
    (ordinal) => ordinal > first && ordinal <= last && syncs[ordinal]?.endsWith(what),
  );
  const ordinal = ordinals[occurrence - 1];
  if (ordinal === undefined) throw new Error(`no sync ${occurrence} of ${what} in the chapter`);
  return ordinal;
}

function isRecorded(name: string): name is RecordedFileSystem {
  return name in EXPOSED;
}

describeWithPeers([...POWER_PEERS], 'a local repository whose power fails, with a sync left out', () => {
  it.each(Object.keys(EXPOSED).filter(isRecorded))(
    'is damaged on %s when one sync of a backup, a consolidation or a prune is left out',
    async (fileSystem) => {
      const whole = await inFolder((own) => playRecorded(own, fileSystem, SEED));
      for (const [title, names] of Object.entries(EXPOSED[fileSystem])) {
        const at = whole.chapters.findIndex((chapter) => chapter.title === title);
        for (const name of names) {
          const ordinal = ordinalOf(whole, at, name);
          const { damaged } = await inFolder(async (own) => {
            const story = await playRecorded(own, fileSystem, SEED, String(ordinal));
            const position = (chapter: number) => story.chapters[chapter]?.position ?? 0;
            const between = { after: position(at - 1), before: position(at + 1) };
            return await cutEverywhere(story, { folder: own, seed: SEED, betweenFlushes: 0.3, between });
          });
          const left = `${title} on ${fileSystem} without sync ${name[1]} of ${name[0]}`;
          expect(damaged, left).not.toEqual([]);
          process.stdout.write(`${left}: ${(damaged[0]?.damage[0] ?? '').slice(0, 120)}\n`);
        }
      }
    },
    900_000,
  );
});
