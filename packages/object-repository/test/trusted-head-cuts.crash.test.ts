import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { type ObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { type Cut, cutEverywhere, runUntil, WAYS_TO_DIE } from './cut-process.ts';
import { create } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { createMemoryHead, type KeptHeads } from './memory-head.ts';
import { createMemoryStore, type Interceptor, type SharedObjects } from './memory-store.ts';
import { expectSample, type SamplePoint, sampleId, writeSample } from './sample-disk.ts';

/** After it the lock of a process that died is free. */
const LOCK_MS = 3600 * 1000;
const points: readonly SamplePoint[] = [1, 2, 3].map((sequence) => ({
  stream: 'a',
  sequence,
  disk: [sequence],
}));
const [first, second, third] = points.map(sampleId);

/** A store, and what one client knows of it. */
type World = { readonly shared: SharedObjects; readonly kept: KeptHeads };
type Step = (repository: ObjectRepository) => Promise<unknown>;

const write =
  (index: number): Step =>
  (repository) =>
    writeSample(repository, points[index] ?? expect.fail());

/** The client makes points, prunes, and deletes its newest one. */
const story: readonly Step[] = [
  write(0),
  write(1),
  ({ maintenance }) => maintenance.prune({ last: 1 }),
  ({ maintenance }) => maintenance.delete(second ?? expect.fail()),
  write(2),
];
/** Which step makes the point that is there at the end. */
const LAST_STEP = 4;
const empty = await create();

function open({ shared, kept }: World, intercept?: Interceptor): Promise<ObjectRepository> {
  const trustedHead = createMemoryHead(kept, intercept);
  return openObjectRepository({ store: createMemoryStore(shared, intercept), key: testKey, trustedHead });
}

/** The store as it is, beside what the client knows at the end. */
const asideOf = (shared: SharedObjects): SharedObjects => ({ ...shared, objects: new Map(shared.objects) });

/** Tells the story until the cut: how the store was before each step, how many of them ended, and how many operations there were. */
async function tell(world: World, cut: Cut) {
  const before: SharedObjects[] = [];
  const operations = await runUntil(cut, async (intercept) => {
    let died: unknown;
    const noticed: Interceptor = (operation, run) =>
      intercept(operation, run).catch((error: unknown) => {
        died = error;
        throw error;
      });
    await using repository = await open(world, noticed);
    for (const step of story) {
      before.push(asideOf(world.shared));
      await step(repository);
      if (died !== undefined) throw died; // what could not be saved in the head is only told: a process that is dead tells nothing
    }
    before.push(asideOf(world.shared));
  });
  return { before, steps: before.length - 1, operations };
}

/** The client never misses a point that it, or a prune, removed. */
async function expectTrusted(world: World): Promise<readonly string[]> {
  await using repository = await open(world);
  const there = (await collect(repository.points())).map(({ id }) => id);
  for (const point of points)
    if (there.includes(sampleId(point))) await expectSample(repository, sampleId(point), point.disk);
  return there;
}

/** No state from before the step that made a point is taken for the present one, as soon as that step ended. */
async function expectNotPutBack(
  { kept }: World,
  before: readonly SharedObjects[],
  step: number,
): Promise<void> {
  for (const shared of before.slice(0, step + 1))
    await expect(open({ shared, kept: structuredClone(kept) })).rejects.toMatchObject({ code: 'CORRUPT' });
}

async function play(cut: Cut): Promise<number> {
  const world: World = { shared: asideOf(empty), kept: new Map<string, string>() };
  const { before, steps, operations } = await tell(world, cut);
  if (steps === 1) await expectNotPutBack(world, before, 0);
  if (steps === 2) await expectNotPutBack(world, before, 1);
  if (steps > LAST_STEP) await expectNotPutBack(world, before, LAST_STEP);
  const there = await expectTrusted(world);
  world.shared.nowMs += LOCK_MS;
  await using repository = await open(world);
  for (const id of [first, second])
    if (there.includes(id ?? '')) await repository.maintenance.delete(id ?? expect.fail());
  if (!there.includes(third ?? '')) await writeSample(repository, points[2] ?? expect.fail());
  expect(await expectTrusted(world)).toEqual([third]);
  await expectNotPutBack(world, before.slice(0, steps + 1), Math.min(steps, LAST_STEP));
  return operations;
}

describe('a client with a trusted head that dies at any operation of the store or of the head', () => {
  it.each(WAYS_TO_DIE)(
    'misses no point that was removed, and refuses each earlier state, when that operation %s',
    async (_what, happens) => {
      expect(await cutEverywhere('trusted head', happens, play)).toBeGreaterThan(60);
    },
  );
});
