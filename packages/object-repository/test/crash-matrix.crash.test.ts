import assert from 'node:assert/strict';
import { pointId } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import {
  createObjectRepository,
  type ObjectRepository,
  openObjectRepository,
} from '../src/object-repository.ts';
import { type Cut, cutEverywhere, runUntil, WAYS_TO_DIE } from './cut-process.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, type Interceptor, noObjects, type SharedObjects } from './memory-store.ts';
import {
  CHUNK_BYTES,
  type DiskModel,
  draftOf,
  expectSample,
  type SamplePoint,
  sampleId,
  writeDisk,
  writeSample,
} from './sample-disk.ts';

const GRACE_MS = 7 * 24 * 3600 * 1000;

const first: DiskModel = [1, 2, 0, 3, 3, 4];
const second: DiskModel = [1, 5, 6, 0, 3, 4];
const third: DiskModel = [7, 5, 6, 0, 3, 0];
const chain: readonly SamplePoint[] = [
  { stream: 's', sequence: 1, disk: first },
  { stream: 's', sequence: 2, disk: second, base: { id: pointId('s-1'), disk: first } },
  { stream: 's', sequence: 3, disk: third, base: { id: pointId('s-2'), disk: second } },
];

const LAST = pointId('s-3');

type Step = (repository: ObjectRepository) => Promise<unknown>;

/**
 * A life of a repository: backups, of which the last is committed after the index was made again beside it, a prune that plans, a
 * prune that carries out; time passes before each step.
 */
const story: readonly { readonly afterMs: number; readonly run: Step }[] = [
  ...chain.slice(0, 2).map((point) => ({
    afterMs: 1000,
    run: (repository: ObjectRepository) => writeSample(repository, point),
  })),
  { afterMs: 1000, run: (repository) => writeBesideRebuild(repository, chain[2] ?? assert.fail()) },
  { afterMs: 1000, run: ({ maintenance }) => maintenance.prune({ last: 1 }) },
  { afterMs: GRACE_MS, run: ({ maintenance }) => maintenance.prune({ last: 1 }) },
];

async function writeBesideRebuild(repository: ObjectRepository, point: SamplePoint): Promise<void> {
  await using writer = await repository.begin(draftOf(point), soloFence);
  await writeDisk(writer, point);
  await repository.maintenance.rebuildIndex();
  await writer.commit([]);
}

const open = (shared: SharedObjects, intercept?: Interceptor): Promise<ObjectRepository> =>
  openObjectRepository({ store: createMemoryStore(shared, intercept), key: testKey });

/** A repository without points. */
const empty = noObjects();
await create(empty);

async function create(shared: SharedObjects): Promise<void> {
  const options = {
    store: createMemoryStore(shared),
    key: testKey,
    chunkBytes: CHUNK_BYTES,
    graceMs: GRACE_MS,
  };
  await (await createObjectRepository(options))[Symbol.asyncDispose]();
}

/** Runs the story until the cut; gives how many operations it began and how many steps ended. */
async function tell(shared: SharedObjects, cut: Cut) {
  let steps = 0;
  const operations = await runUntil(cut, async (intercept) => {
    await using repository = await open(shared, intercept);
    for (const { afterMs, run } of story) {
      shared.nowMs += afterMs;
      await run(repository);
      steps += 1;
    }
  });
  return { steps, operations };
}

/** Fails unless the committed points are whole, at least those that must be there. */
async function expectWhole(shared: SharedObjects, steps: number): Promise<void> {
  await using repository = await open(shared);
  const ids = new Set((await collect(repository.points())).map(({ id }) => id));
  for (const [index, point] of chain.entries()) {
    if (index < steps && steps < 3) expect(ids).toContain(sampleId(point));
    if (ids.has(sampleId(point))) await expectSample(repository, sampleId(point), point.disk);
  }
  if (steps >= 3) expect(ids).toContain('s-3');
  const findings = await collect(repository.verify({ depth: 'data' }));
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
}

/** Does what was left undone, and prunes until nothing is left to remove. */
async function goOn(shared: SharedObjects, steps: number): Promise<void> {
  await using repository = await open(shared);
  for (const point of chain.slice(Math.min(steps, 2))) {
    const there = (await collect(repository.points())).map(({ id }) => id);
    if (!there.includes(sampleId(point)) && !there.includes(LAST)) await writeSample(repository, point);
  }
  for (let round = 0; round < 3; round += 1) {
    shared.nowMs += GRACE_MS + 1;
    await repository.maintenance.prune({ last: 1 });
  }
  await expectSample(repository, LAST, third);
}

/** What a store holds, but for names that are random: how many objects of each kind. */
function census(shared: SharedObjects): Record<string, number> {
  const kinds = [...shared.objects.keys()].map((key) => key.split(/[/-]/)[0] ?? '');
  return Object.fromEntries(
    Object.entries(Object.groupBy(kinds, (kind) => kind)).map(([kind, all]) => [kind, all?.length ?? 0]),
  );
}

async function play(cut: Cut): Promise<number> {
  const shared: SharedObjects = { ...empty, objects: new Map(empty.objects) };
  const { steps, operations } = await tell(shared, cut);
  await expectWhole(shared, steps);
  await goOn(shared, steps);
  const { points, packs, prune = 0, young = 0 } = census(shared);
  expect({ points, prune, young }).toEqual({ points: 1, prune: 0, young: 0 });
  if (cut.at % 8 === 0) expect(packs).toBe(await neededPacks(shared));
  return operations;
}

describe('a process that dies at any operation of the store', () => {
  it.each(WAYS_TO_DIE)(
    'loses no committed point and leaves nothing for ever, when that operation %s',
    async (_what, happens) => {
      const what = 'backups, a rebuild of the index and prunes';
      expect(await cutEverywhere(what, happens, play)).toBeGreaterThan(200);
    },
  );
});

/** Packs that a prune leaves: each holds something that the last point needs. */
async function neededPacks(shared: SharedObjects): Promise<number> {
  const objects = new Map(shared.objects);
  let needed = 0;
  for (const key of [...objects.keys()].filter((name) => name.startsWith('packs/'))) {
    const without: SharedObjects = { objects: new Map(objects), nowMs: shared.nowMs };
    without.objects.delete(key);
    await using repository = await open(without);
    needed += await expectSample(repository, LAST, third).then(
      () => 0,
      () => 1,
    );
  }
  return needed;
}
