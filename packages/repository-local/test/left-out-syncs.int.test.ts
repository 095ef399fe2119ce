import assert from 'node:assert/strict';
import {
  countingFileSystem,
  crashingFileSystem,
  describeOperation,
  droppingSyncFileSystem,
  type FileOperation,
} from '@sendense/testkit';
import { describe, it } from 'vitest';
import { expectDone, expectRecovered, path, prepare, type Verb, verbs, work } from './verbs.ts';

/** What comes back after a power loss differs by chance: each of these loses something else. */
const SEEDS = [0, 5, 6, 7, 8];

/**
 * Syncs that no power loss can show: the probe of the storage at opening; the first of the two of an image, which keeps a
 * cut file from looking whole, and no cut file is ever reached.
 */
function isExpendable(operation: FileOperation, before: readonly FileOperation[]): boolean {
  if (operation.kind === 'sync-directory') return operation.path === path;
  return operation.path.endsWith('image.partial') && !before.some((other) => other.path === operation.path);
}

describe.each(verbs.filter(({ name }) => ['backup', 'merge'].includes(name)))('a $name', (verb) => {
  it('loses something in a power loss when any one of its syncs is left out', async () => {
    const counted = countingFileSystem(await prepare());
    await work(counted, verb);
    const syncs = counted.changes.filter(({ kind }) => kind === 'sync' || kind === 'sync-directory');
    let noticed = 0;
    for (const [index, operation] of syncs.entries()) {
      if (isExpendable(operation, syncs.slice(0, index))) continue;
      const first = counted.changes.indexOf(operation);
      const loss = await findLoss(verb, index + 1, first + 1, counted.changes.length);
      assert.ok(loss, `nothing is lost without sync ${index + 1}, ${describeOperation(operation)}`);
      noticed += 1;
    }
    console.log(`${verb.name}: ${noticed} of ${syncs.length} syncs are needed, each shown by a loss`);
  }, 240_000);
});

/** Cuts the power after the sync that is left out, the latest moments first; whether any point or tidiness is lost. */
async function findLoss(verb: Verb, ordinal: number, first: number, last: number): Promise<boolean> {
  const cuts = Array.from({ length: last + 1 - first }, (_, index) => last + 1 - index);
  for (const cutAt of cuts) {
    for (const seed of SEEDS) {
      const inner = await prepare();
      const dropping = droppingSyncFileSystem(
        crashingFileSystem(inner, { cutAt }),
        (_, sync) => sync === ordinal,
      );
      const isDone = await work(dropping, verb).then(
        () => cutAt > last,
        () => false,
      );
      const after = inner.afterPowerLoss(seed === 0 ? 0 : seed * 7919 + cutAt);
      const checked = isDone ? expectDone(after, verb) : expectRecovered(after, verb);
      if (
        !(await checked.then(
          () => true,
          () => false,
        ))
      )
        return true;
    }
  }
  return false;
}
