import assert from 'node:assert/strict';
import {
  countingFileSystem,
  describeOperation,
  droppingSyncFileSystem,
  type FileOperation,
} from '@sendense/testkit';
import { describe, it } from 'vitest';
import {
  type ChooseLosses,
  expectDone,
  expectRecovered,
  type PowerLoss,
  powerLosses,
  prepare,
  type Verb,
  verbs,
  work,
} from './verbs.ts';

/** What comes back after a power loss differs by chance: each of these loses something else; 0 loses all it can. */
const SEEDS = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14];

/** Why a sync may be left out although no power loss shows it. */
const REASONS = {
  probe: 'tells at opening whether the storage makes names durable',
  image: 'the first of two of an image keeps a cut file from looking whole, and no cut file is ever reached',
  next: 'a point that nothing builds on is removed next, and that makes the names durable before any base goes',
  again: 'a cut sweep puts the alias again, and its end makes the name durable; a delete needs this sync',
} as const;

/** By verb, the syncs without which no power loss loses anything, counted from 1. All others are needed. */
const EXPENDABLE: Readonly<Record<string, Readonly<Record<number, keyof typeof REASONS>>>> = {
  backup: { 1: 'probe', 2: 'image', 5: 'image' },
  'backup by a driver': { 1: 'probe', 2: 'image', 5: 'image' },
  'synthetic full': {
    1: 'probe',
    2: 'image',
    5: 'image',
    16: 'image',
    20: 'again',
    21: 'image',
    25: 'again',
  },
  merge: { 1: 'probe', 4: 'image', 7: 'image' },
  prune: { 1: 'probe', 2: 'image', 5: 'image', 16: 'image', 19: 'image', 27: 'next' },
  delete: { 1: 'probe', 2: 'image', 5: 'image', 16: 'image', 19: 'image', 29: 'image', 34: 'image' },
  hold: { 1: 'probe' },
};

function isSync({ kind }: FileOperation): boolean {
  return kind === 'sync' || kind === 'sync-directory';
}

async function isHarmful({ fileSystem, isDone }: PowerLoss, verb: Verb): Promise<boolean> {
  const checked = isDone ? expectDone(fileSystem, verb) : expectRecovered(fileSystem, verb);
  return checked.then(
    () => false,
    () => true,
  );
}

/** The power losses, latest first, of work without sync number `ordinal`; `seeds` gives those of a moment after it. */
async function lossesWithout(
  verb: Verb,
  ordinal: number,
  seeds: ChooseLosses,
): Promise<readonly PowerLoss[]> {
  let syncs = 0;
  const losses = await powerLosses(
    verb,
    (...moment) => (syncs < ordinal ? [] : seeds(...moment)),
    (inner) =>
      droppingSyncFileSystem(inner, (_, sync) => {
        syncs = sync;
        return sync === ordinal;
      }),
  );
  return losses.toReversed();
}

/** Whether a power loss loses a point, or tidiness, without sync number `ordinal`. `seeds`: how hard it is looked for. */
async function isNeeded(verb: Verb, ordinal: number, seeds: readonly number[]): Promise<boolean> {
  // Where all is lost that was not synced, nothing new is lost until the next sync.
  const whatIsSynced = (_: number, previous: FileOperation | undefined, isDone: boolean) =>
    isDone || (previous !== undefined && isSync(previous)) ? [0] : [];
  for (const loss of await lossesWithout(verb, ordinal, whatIsSynced))
    if (await isHarmful(loss, verb)) return true;
  for (const seed of seeds)
    for (const loss of await lossesWithout(verb, ordinal, (change) => [seed * 7919 + change]))
      if (await isHarmful(loss, verb)) return true;
  return false;
}

describe.each(verbs)('a $name', (verb) => {
  it('needs each of its syncs, but for those that are known not to matter', async () => {
    const counted = countingFileSystem(await prepare());
    await work(counted, verb);
    const syncs = counted.changes.filter(isSync);
    const expendable = EXPENDABLE[verb.name] ?? {};
    const wrong: string[] = [];
    for (const [index, operation] of syncs.entries()) {
      const reason = expendable[index + 1];
      // What is known not to matter is looked at less long than what must be found to matter.
      const needed = await isNeeded(verb, index + 1, reason === undefined ? SEEDS : SEEDS.slice(0, 1));
      if (needed !== (reason === undefined))
        wrong.push(`${index + 1} ${needed ? 'is' : 'is not'} needed: ${describeOperation(operation)}`);
    }
    const unneeded = Object.keys(expendable).length;
    console.log(
      `${verb.name}: ${syncs.length - unneeded} of ${syncs.length} syncs are needed, each shown by a loss`,
    );
    assert.deepEqual(wrong, []);
  }, 600_000);
});
