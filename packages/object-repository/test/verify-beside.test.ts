import { soloFence } from '@sendense/plugin-kit';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import type { ObjectRepository } from '../src/object-repository.ts';
import {
  create,
  first,
  flip,
  GRACE_MS,
  keysOf,
  open,
  packsToDelete,
  twin,
  twoCopies,
} from './hurt-objects.ts';
import type { Interceptor, SharedObjects } from './memory-store.ts';
import { draftOf, expectSample, sampleId, writeDisk, writeSample } from './sample-disk.ts';

/** Something that others do. */
type Beside = { readonly shared: SharedObjects; readonly act: () => Promise<unknown> };

const once = async (shared: SharedObjects, use: (repository: ObjectRepository) => Promise<unknown>) => {
  await using repository = await open(shared);
  await use(repository);
};
const prune = (shared: SharedObjects) => once(shared, ({ maintenance }) => maintenance.prune({ last: 1 }));
const rebuild = (shared: SharedObjects) => once(shared, ({ maintenance }) => maintenance.rebuildIndex());

/** A prune is about to sweep second copies. */
async function sweep(): Promise<Beside> {
  const shared = await twoCopies();
  await prune(shared);
  shared.nowMs += GRACE_MS;
  return { shared, act: () => prune(shared) };
}

async function makeIndexAgain(): Promise<Beside> {
  const shared = await twoCopies();
  return { shared, act: () => rebuild(shared) };
}

/** A writer is about to give up what a rebuild named as young. */
async function giveUpYoung(): Promise<Beside> {
  const shared = await create();
  await once(shared, (repository) => writeSample(repository, first));
  for (const key of keysOf(shared, 'index/')) shared.objects.delete(key);
  const other = await open(shared);
  const writer = await other.begin(draftOf(twin), soloFence);
  const giveUp = await packsToDelete(shared, () => writeDisk(writer, twin));
  await rebuild(shared);
  await writer[Symbol.asyncDispose]();
  return { shared, act: async () => giveUp() };
}

/** Does something before an operation that reads; says whether it came to that. */
function before(operation: number, act: () => Promise<unknown>) {
  let count = 0;
  const intercept: Interceptor = async ({ key }, run) => {
    if (/^(?:packs|index|young)/.test(key)) {
      count += 1;
      if (count === operation) await act();
    }
    run();
  };
  return { intercept, isDone: () => count >= operation };
}

it('a verification names an index object that took the place of another one meanwhile and is damaged', async () => {
  const shared = await create();
  await once(shared, (repository) => writeSample(repository, first));
  let isDone = false;
  await using repository = await open(shared, async ({ kind, key }, run) => {
    if (!isDone && kind === 'list' && key === 'packs/') {
      isDone = true;
      await rebuild(shared);
      for (const made of keysOf(shared, 'index/')) flip(shared, made);
    }
    run();
  });
  const findings = await collect(repository.verify({ depth: 'data' }));
  const [object] = keysOf(shared, 'index/');
  expect(findings.filter(({ code }) => code === 'index-damaged')).toMatchObject([
    { severity: 'error', object },
  ]);
});

describe('a verification finds nothing wrong, whenever', () => {
  it.each([
    ['a prune sweeps second copies', sweep],
    ['the index is made again', makeIndexAgain],
    ['a writer gives up packs that are young', giveUpYoung],
  ])('%s', { timeout: 30_000 }, async (_what, prepare) => {
    for (let operation = 1; ; operation += 1) {
      const { shared, act } = await prepare();
      const beside = before(operation, act);
      await using repository = await open(shared, beside.intercept);
      const findings = await collect(repository.verify({ depth: 'data' }));
      const wrong = findings.filter(({ severity }) => severity !== 'info');
      expect({ operation, wrong, damage: keysOf(shared, 'damage/') }).toEqual({
        operation,
        wrong: [],
        damage: [],
      });
      await expectSample(repository, sampleId(first), first.disk);
      if (!beside.isDone()) break;
    }
  });
});
