import { systemServices } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { collect, createMemoryJournal, createTestFence, type JournalStorage } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import {
  createObjectRepository,
  type ObjectRepository,
  openObjectRepository,
} from '../src/object-repository.ts';
import { type Cut, cutEverywhere, runUntil, WAYS_TO_DIE } from './cut-process.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, type Interceptor, noObjects, type SharedObjects } from './memory-store.ts';
import { CHUNK_BYTES, expectSample, type SamplePoint, sampleId, writeSample } from './sample-disk.ts';

const first: SamplePoint = { stream: 's', sequence: 1, disk: [1, 2, 0] };
const second: SamplePoint = {
  stream: 's',
  sequence: 2,
  disk: [1, 3, 4],
  base: { id: sampleId(first), disk: first.disk },
};
const points = [first, second];
const ids = points.map(sampleId);

/** What outlives a process. */
type World = {
  readonly from: SharedObjects;
  readonly to: SharedObjects;
  readonly journal: JournalStorage;
};

const [full, empty] = [await repositoryOf(points), await repositoryOf([])];

async function repositoryOf(samples: readonly SamplePoint[]): Promise<SharedObjects> {
  const shared = noObjects();
  const options = { store: createMemoryStore(shared), key: testKey, chunkBytes: CHUNK_BYTES };
  await using repository = await createObjectRepository(options);
  for (const sample of samples) await writeSample(repository, sample);
  return shared;
}

const open = (shared: SharedObjects, intercept?: Interceptor): Promise<ObjectRepository> =>
  openObjectRepository({ store: createMemoryStore(shared, intercept), key: testKey });

/** One process that copies every point; both stores count its operations. */
async function copy({ from, to, journal }: World, intercept?: Interceptor) {
  await using source = await open(from, intercept);
  await using destination = await open(to, intercept);
  const engine = createEngine({
    journal: createMemoryJournal(journal),
    services: systemServices(),
    fence: createTestFence(),
  });
  return await engine.copy({ from: source, to: destination });
}

/** Fails unless every point that the destination has is whole, and nothing of the source was touched. */
async function expectWhole({ from, to }: World): Promise<readonly string[]> {
  expect([...from.objects]).toEqual([...full.objects]);
  await using destination = await open(to);
  const there = (await collect(destination.points())).map(({ id }) => id);
  for (const point of points)
    if (there.includes(sampleId(point))) await expectSample(destination, sampleId(point), point.disk);
  const findings = await collect(destination.verify({ depth: 'data' }));
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  return there;
}

async function play(cut: Cut): Promise<number> {
  const world: World = {
    from: { ...full, objects: new Map(full.objects) },
    to: { ...empty, objects: new Map(empty.objects) },
    journal: { entries: new Map(), revision: 0 },
  };
  const operations = await runUntil(cut, (intercept) => copy(world, intercept));
  const there = await expectWhole(world);
  const next = await copy(world);
  expect(next).toMatchObject({ failed: [], skipped: there, verified: true });
  expect([...next.skipped, ...next.copied]).toEqual(ids);
  expect(await expectWhole(world)).toEqual(ids);
  return operations;
}

describe('a copy from one object repository into another that dies at any operation of either store', () => {
  it.each(WAYS_TO_DIE)(
    'leaves only points that are whole, and the next copy brings the others, when that operation %s',
    async (_what, happens) => {
      expect(await cutEverywhere('copy', happens, play)).toBeGreaterThan(60);
    },
  );
});
