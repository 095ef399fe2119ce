import { type PointId, SendenseError } from '@sendense/core';
import { collect, seededInteger, seededRandom } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import {
  createObjectRepository,
  type ObjectRepository,
  openObjectRepository,
} from '../src/object-repository.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, type Interceptor, noObjects, type SharedObjects } from './memory-store.ts';
import { plainChunks } from './plain-chunks.ts';
import {
  CHUNK_BYTES,
  type DiskModel,
  expectSample,
  type SamplePoint,
  sampleId,
  writeSample,
} from './sample-disk.ts';
import { Schedule } from './schedule.ts';

const GRACE_MS = 8 * 3600 * 1000;
const SCHEDULES = 2000 * Number(process.env.SENDENSE_TEST_SCALE ?? 1);

/** So many that whatever the others bring back, most of its pack stays dead and is worth compacting. */
const old: DiskModel = [1, 2, 3, 4, 8, 9, 10, 11];
const now: DiskModel = [1, 5, 0, 6, 0, 0, 0, 0];
const base = { id: sampleId({ stream: 'a', sequence: 2, disk: now }), disk: now };
/** Both bring back chunks that only a point held which is gone: plans name their packs, or soon will. */
const increment: SamplePoint = { stream: 'a', sequence: 3, disk: [1, 2, 7, 6, 0, 0, 0, 0], base };
const full: SamplePoint = { stream: 'b', sequence: 1, disk: [4, 3, 7, 2] };

function open(shared: SharedObjects, intercept?: Interceptor): Promise<ObjectRepository> {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  const services = { clock, drivers: [plainChunks] };
  return openObjectRepository({ store: createMemoryStore(shared, intercept), key: testKey }, services);
}

/**
 * A repository of two points: both are there, the first is gone, or a prune planned its packs, too, and copied what the second one
 * needs of them.
 */
async function history(state: 'there' | 'gone' | 'planned'): Promise<SharedObjects> {
  const shared = noObjects();
  const options = {
    store: createMemoryStore(shared),
    key: testKey,
    chunkBytes: CHUNK_BYTES,
    graceMs: GRACE_MS,
  };
  await using repository = await createObjectRepository(options, { drivers: [plainChunks] });
  const first: SamplePoint = { stream: 'a', sequence: 1, disk: old };
  await writeSample(repository, first);
  await writeSample(repository, {
    ...increment,
    sequence: 2,
    disk: now,
    base: { id: sampleId(first), disk: old },
  });
  if (state === 'gone') await repository.maintenance.delete(sampleId(first));
  if (state === 'planned') await repository.maintenance.prune({ last: 1 });
  return shared;
}

/** Writes a point in its own process; gives its id when it was committed. */
async function backUp(
  shared: SharedObjects,
  intercept: Interceptor,
  point: SamplePoint,
): Promise<PointId | undefined> {
  await using repository = await open(shared, intercept);
  try {
    return (await writeSample(repository, point)).id;
  } catch (error) {
    // Its base went first, or it took longer than half the grace: nothing is committed, and it says so.
    if (SendenseError.is(error, 'PARENT_MISSING') || SendenseError.is(error, 'EXPIRED')) return undefined;
    throw error;
  }
}

async function pruneOften(shared: SharedObjects, intercept: Interceptor, point?: PointId): Promise<void> {
  await using repository = await open(shared, intercept);
  if (point !== undefined) await repository.maintenance.delete(point).catch(unlessGone);
  for (let round = 0; round < 3; round += 1) {
    shared.nowMs += GRACE_MS / 3;
    await repository.maintenance.prune({ last: 2 }).catch(unlessLocked);
  }
}

/** Only one of prune and rebuild has the lock at a time. */
function unlessLocked(error: unknown): void {
  if (!SendenseError.is(error, 'LOCKED') && !SendenseError.is(error, 'FENCED')) throw error;
}

async function rebuildOnce(shared: SharedObjects, intercept: Interceptor): Promise<void> {
  await using repository = await open(shared, intercept);
  await repository.maintenance.rebuildIndex().catch(unlessLocked);
}

function unlessGone(error: unknown): void {
  if (!SendenseError.is(error, 'NOT_FOUND')) unlessLocked(error);
}

/** Made once; each schedule goes on from copies of it. */
const pasts = [await history('planned'), await history('there'), await history('gone')] as const;

async function play(seed: number) {
  const random = seededRandom(seed);
  const past = pasts[seededInteger(random, pasts.length)] ?? pasts[0];
  const shared: SharedObjects = { ...past, objects: new Map(past.objects) };
  shared.nowMs += seededInteger(random, 3) * 0.45 * GRACE_MS; // a plan may ripen while the writers are at work
  const schedule = new Schedule(
    (below) => seededInteger(random, below),
    () => {
      if (seededInteger(random, 16) === 0) shared.nowMs += GRACE_MS / 16;
    },
  );
  const deleted = seededInteger(random, 2) === 0 ? base.id : undefined;
  const isRebuilt = seededInteger(random, 2) === 0;
  let compacted = false;
  const watched =
    (intercept: Interceptor): Interceptor =>
    (operation, run) => {
      compacted ||= operation.kind === 'put' && operation.key.startsWith('packs/');
      return intercept(operation, run);
    };
  const outcomes = Promise.all([
    schedule.actor((intercept) => backUp(shared, intercept, increment)),
    schedule.actor((intercept) => backUp(shared, intercept, full)),
    schedule.actor((intercept) => pruneOften(shared, watched(intercept), deleted)),
    ...(isRebuilt ? [schedule.actor((intercept) => rebuildOnce(shared, intercept))] : []),
  ]);
  await Promise.all([outcomes, schedule.play()]);
  const [first, second] = await outcomes;
  return { shared, compacted, operations: schedule.operations, committed: [first, second] };
}

describe('two writers and a prune at once, and a rebuild of the index in half of the orders', () => {
  it(`keep every committed point whole in ${SCHEDULES} orders of their operations`, async () => {
    let operations = 0;
    let committed = 0;
    let compactions = 0;
    for (let seed = 1; seed <= SCHEDULES; seed += 1) {
      try {
        const played = await play(seed);
        operations += played.operations;
        compactions += played.compacted ? 1 : 0;
        committed += played.committed.filter((id) => id !== undefined).length;
        await using repository = await open(played.shared);
        const there = (await collect(repository.points())).map(({ id }) => id);
        for (const id of played.committed) if (id !== undefined) expect(there).toContain(id);
        for (const point of [increment, full])
          if (there.includes(sampleId(point))) await expectSample(repository, sampleId(point), point.disk);
        if (there.includes(base.id)) await expectSample(repository, base.id, now);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    process.stdout.write(
      `object repository: ${SCHEDULES} schedules (seeds 1 to ${SCHEDULES}), ${operations} operations, ${committed} points, packs compacted in ${compactions}\n`,
    );
    expect(committed).toBeGreaterThan(SCHEDULES);
    expect(compactions).toBeGreaterThan(SCHEDULES / 10);
  });
});
