import { type PointId, SendenseError } from '@sendense/core';
import { collect, seededInteger, seededRandom } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import {
  createObjectRepository,
  type ObjectRepository,
  openObjectRepository,
} from '../src/object-repository.ts';
import { testKey } from './keys.ts';
import { LateListing } from './late-listing.ts';
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

const MINUTE_MS = 60_000;
const GRACE_MS = 8 * 60 * MINUTE_MS;
/** Listings are late by up to this: a quarter of what would be too much for a grace of eight hours (an eighth of it). */
const MOST_LATE_MS = 15 * MINUTE_MS;
const SCHEDULES = 60 * Number(process.env.SENDENSE_TEST_SCALE ?? 1);

const old: DiskModel = [1, 2, 3, 4, 8, 9, 10, 11];
const now: DiskModel = [1, 5, 0, 6, 0, 0, 0, 0];
const base: SamplePoint = { stream: 'a', sequence: 2, disk: now };
const increment: SamplePoint = {
  stream: 'a',
  sequence: 3,
  disk: [1, 2, 7, 6, 0, 0, 0, 0],
  base: { id: sampleId(base), disk: now },
};
const full: SamplePoint = { stream: 'b', sequence: 1, disk: [4, 3, 7, 2] };
const later: SamplePoint = { stream: 'c', sequence: 1, disk: [9, 8, 1, 10] };
const points = [base, increment, full, later];

type World = { readonly shared: SharedObjects; readonly listing: LateListing };

function open({ shared, listing }: World, intercept?: Interceptor): Promise<ObjectRepository> {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  const store = listing.of(createMemoryStore(shared, intercept));
  return openObjectRepository({ store, key: testKey }, { clock, drivers: [plainChunks] });
}

const EXACT = (shared: SharedObjects) => new LateListing(shared, () => 0);

/** Two points, of which the first is there, gone, or gone with a plan of its packs. */
async function history(state: 'there' | 'gone' | 'planned'): Promise<SharedObjects> {
  const shared = noObjects();
  const store = createMemoryStore(shared);
  const options = { store, key: testKey, chunkBytes: CHUNK_BYTES, graceMs: GRACE_MS };
  await (await createObjectRepository(options))[Symbol.asyncDispose]();
  await using repository = await open({ shared, listing: EXACT(shared) });
  const first: SamplePoint = { stream: 'a', sequence: 1, disk: old };
  await writeSample(repository, first);
  await writeSample(repository, { ...base, base: { id: sampleId(first), disk: old } });
  if (state === 'gone') await repository.maintenance.delete(sampleId(first));
  if (state === 'planned') await repository.maintenance.prune({ last: 1 });
  return shared;
}

/** What may be told while listings are behind; everything else is a fault. */
const TOLD = ['PARENT_MISSING', 'EXPIRED', 'CONFLICT', 'CORRUPT', 'LOCKED', 'FENCED', 'NOT_FOUND'];

const told = new Map<string, number>();

function unlessTold(error: unknown): undefined {
  if (!SendenseError.is(error) || !TOLD.includes(error.code)) throw error;
  told.set(error.code, (told.get(error.code) ?? 0) + 1);
}

async function backUp(
  world: World,
  intercept: Interceptor,
  point: SamplePoint,
): Promise<PointId | undefined> {
  await using repository = await open(world, intercept);
  return (await writeSample(repository, point).catch(unlessTold))?.id;
}

/** Prunes again and again, and verifies or makes the index again after each; gives how many prunes ended well. */
async function maintain(world: World, intercept: Interceptor, isRebuilt: boolean): Promise<number> {
  await using repository = await open(world, intercept);
  let pruned = 0;
  for (let round = 0; round < 4; round += 1) {
    world.shared.nowMs += GRACE_MS / 3;
    const report = await repository.maintenance.prune({ last: 2 }).catch(unlessTold);
    pruned += report === undefined ? 0 : 1;
    if (isRebuilt) await repository.maintenance.rebuildIndex().catch(unlessTold);
    else await collect(repository.verify({ depth: 'structure' })).catch(unlessTold);
  }
  return pruned;
}

/** A second one who prunes, beside. */
async function pruneOnce(world: World, intercept: Interceptor): Promise<void> {
  await using repository = await open(world, intercept);
  await repository.maintenance.prune({ last: 2 }).catch(unlessTold);
}

const pasts = [await history('planned'), await history('there'), await history('gone')] as const;

async function play(seed: number) {
  const random = seededRandom(seed);
  const below = (limit: number) => seededInteger(random, limit);
  const past = pasts[below(pasts.length)] ?? pasts[0];
  const shared: SharedObjects = { ...past, objects: new Map(past.objects) };
  // half of the changes at once, the others late
  const listing = new LateListing(shared, () => below(2) * below(MOST_LATE_MS));
  const world = { shared, listing };
  shared.nowMs += below(3) * 0.45 * GRACE_MS;
  const schedule = new Schedule(below, () => {
    shared.nowMs += below(2000);
  });
  const isRebuilt = below(2) === 0;
  let deleted = 0;
  const watched =
    (intercept: Interceptor): Interceptor =>
    (operation, run) => {
      deleted += operation.kind === 'delete' && operation.key.startsWith('packs/') ? 1 : 0;
      return intercept(operation, run);
    };
  const writing = Promise.all([
    schedule.actor((intercept) => backUp(world, intercept, increment)),
    schedule.actor((intercept) => backUp(world, intercept, full)),
    schedule.actor((intercept) => backUp(world, intercept, later)),
  ]);
  const pruning = schedule.actor((intercept) => maintain(world, watched(intercept), isRebuilt));
  const beside = schedule.actor((intercept) => pruneOnce(world, watched(intercept)));
  await Promise.all([writing, pruning, beside, schedule.play()]);
  const committed = (await writing).filter((id) => id !== undefined);
  return { world, committed, deleted, pruned: await pruning };
}

/** Every point that was told to be committed, and each other one that is there, restores; so after the index was made again, and prunes. */
async function expectWhole({ shared, listing }: World, committed: readonly PointId[]): Promise<void> {
  listing.settle();
  shared.nowMs += 61 * MINUTE_MS; // a lock that its holder did not see in a listing was left, and is free after an hour
  const exact = { shared, listing: EXACT(shared) };
  for (let round = 0; round < 3; round += 1) {
    await using repository = await open(exact);
    if (round === 0) await repository.maintenance.rebuildIndex();
    const there = (await collect(repository.points())).map(({ id }) => id);
    expect(there).toEqual(expect.arrayContaining([...committed]));
    for (const point of points)
      if (there.includes(sampleId(point))) await expectSample(repository, sampleId(point), point.disk);
    const findings = await collect(repository.verify({ depth: 'data' }));
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    await repository.maintenance.prune({ last: 9 });
    shared.nowMs += GRACE_MS;
  }
}

describe('a store whose listings show changes up to a quarter of an hour late', () => {
  it(`loses no committed point in ${SCHEDULES} orders of backups, prunes, verifications and rebuilds`, async () => {
    let committed = 0;
    let wrong = 0;
    let pruned = 0;
    let deleted = 0;
    for (let seed = 1; seed <= SCHEDULES; seed += 1) {
      try {
        const played = await play(seed);
        committed += played.committed.length;
        wrong += played.world.listing.wrong;
        pruned += played.pruned;
        deleted += played.deleted;
        await expectWhole(played.world, played.committed);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    process.stdout.write(
      `object repository: ${SCHEDULES} schedules with late listings (seeds 1 to ${SCHEDULES}), ${committed} points, ${pruned} prunes, ${deleted} packs deleted, ${wrong} wrong lines, told ${JSON.stringify(Object.fromEntries(told))}\n`,
    );
    expect(committed).toBeGreaterThan(SCHEDULES);
    expect(wrong).toBeGreaterThan(10 * SCHEDULES);
    expect(pruned).toBeGreaterThan(SCHEDULES);
    expect(deleted).toBeGreaterThan(SCHEDULES / 2);
  });
});
