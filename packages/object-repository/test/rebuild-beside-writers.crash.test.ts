import { type Finding, type PointId, SendenseError } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { collect, seededInteger, seededRandom } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import {
  createObjectRepository,
  type ObjectRepository,
  openObjectRepository,
} from '../src/object-repository.ts';
import { flip, keysOf } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, type Interceptor, noObjects, type SharedObjects } from './memory-store.ts';
import { plainChunks } from './plain-chunks.ts';
import {
  CHUNK_BYTES,
  draftOf,
  expectSample,
  type SamplePoint,
  sampleId,
  writeDisk,
  writeSample,
} from './sample-disk.ts';
import { Schedule } from './schedule.ts';

const MIB = 1024 * 1024;
const GRACE_MS = 8 * 3600 * 1000;
const SCHEDULES = 250 * Number(process.env.SENDENSE_TEST_SCALE ?? 1);

const base: SamplePoint = { stream: 'a', sequence: 1, disk: [1, 2, 3, 4] };
const other: SamplePoint = { stream: 'o', sequence: 1, disk: [11, 12, 13, 14] };
/** Publishes most of its packs before it is committed: progress is said every MiB. */
const large: SamplePoint = {
  stream: 'l',
  sequence: 1,
  disk: [5, 6, 1, ...Array.from({ length: 16 }, (_, index) => 100 + index)],
};
const increment: SamplePoint = {
  stream: 'a',
  sequence: 2,
  disk: [1, 2, 5, 7],
  base: { id: sampleId(base), disk: base.disk },
};
/** Is given up; the others would do with what it stored. */
const abandoned: SamplePoint = { stream: 'x', sequence: 1, disk: [7, 8, 9, 1] };
const one: SamplePoint = { stream: 'b', sequence: 1, disk: [9, 8, 7, 6] };
const two: SamplePoint = { stream: 'c', sequence: 1, disk: [8, 7, 102, 3] };
const committable = [base, other, large, increment, one, two];

function open(shared: SharedObjects, intercept?: Interceptor): Promise<ObjectRepository> {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  const options = { store: createMemoryStore(shared, intercept), key: testKey, progressBytes: MIB };
  return openObjectRepository(options, { clock, drivers: [plainChunks] });
}

async function history(): Promise<SharedObjects> {
  const shared = noObjects();
  const store = createMemoryStore(shared);
  const options = { store, key: testKey, chunkBytes: CHUNK_BYTES, graceMs: GRACE_MS };
  await using repository = await createObjectRepository(options, { drivers: [plainChunks] });
  for (const point of [base, other]) await writeSample(repository, point);
  return shared;
}

/** What may be told while the index is lost, or when it took longer than half the grace. */
const ALLOWED = ['CORRUPT', 'EXPIRED'] as const;
/** Also that a pack was found damaged: only once a rebuild has named packs whose index object came late (format, rule 5). */
const ALLOWED_AFTER_LATE_INDEX = [...ALLOWED, 'CONFLICT'] as const;
/** Also that another one prunes, or that an index object went away that it had listed. */
const ALLOWED_TO_PRUNERS = ['CORRUPT', 'LOCKED', 'FENCED', 'NOT_FOUND'] as const;

function unless(codes: readonly string[]) {
  return (error: unknown): undefined => {
    if (!SendenseError.is(error) || !codes.includes(error.code)) throw error;
  };
}

/** Lets the others go on for so many turns of its own. */
async function waitTurns(intercept: Interceptor, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1)
    await intercept({ kind: 'head', key: 'probe' }, () => undefined);
}

/** Writes a point and gives it up later; deletes its packs one by one while it is in time, as writers of before the format forbade it. */
async function writeAndGiveUp(shared: SharedObjects, intercept: Interceptor, afterTurns: number) {
  const packs: string[] = [];
  const watched: Interceptor = (operation, run) => {
    if (operation.kind === 'put' && operation.key.startsWith('packs/')) packs.push(operation.key);
    return intercept(operation, run);
  };
  await using repository = await open(shared, watched);
  await using writer = await repository.begin(draftOf(abandoned), soloFence);
  await writeDisk(writer, abandoned);
  await waitTurns(intercept, afterTurns);
  for (const key of packs)
    await intercept({ kind: 'delete', key }, () => {
      const storedMs = shared.objects.get(key)?.modifiedAt.getTime() ?? 0;
      if (shared.nowMs - storedMs <= GRACE_MS / 2) shared.objects.delete(key);
    });
}

/** How one who makes the index again goes about it, and what came of it. */
type Loss = {
  readonly loss: number;
  readonly afterTurns: number;
  /** Its index object came late, because a prune took long meanwhile: it has named the packs in a damage record. */
  cameLate: boolean;
};

/** Hides or damages index objects, or does nothing, then makes the index again until nobody else has the lock. */
async function loseAndRebuild(shared: SharedObjects, intercept: Interceptor, plan: Loss): Promise<void> {
  const { loss, afterTurns } = plan;
  await using repository = await open(shared, (operation, run) => {
    if (operation.kind === 'put' && operation.key.startsWith('damage/')) plan.cameLate = true;
    return intercept(operation, run);
  });
  await waitTurns(intercept, afterTurns);
  const index = keysOf(shared, 'index/');
  for (const key of index.slice(loss === 3 ? -1 : 0)) {
    if (loss === 1) shared.objects.delete(key);
    if (loss >= 2) flip(shared, key);
  }
  for (let isDone = false; !isDone; )
    isDone = await repository.maintenance.rebuildIndex().then(
      () => true,
      (error: unknown) => {
        unless(['LOCKED', 'FENCED'])(error);
        shared.nowMs += GRACE_MS / 32; // a lock that is free again
        return false;
      },
    );
}

async function pruneTwice(shared: SharedObjects, intercept: Interceptor): Promise<void> {
  await using repository = await open(shared, intercept);
  for (let round = 0; round < 2; round += 1) {
    await repository.maintenance.prune({ last: 9 }).catch(unless(ALLOWED_TO_PRUNERS));
    shared.nowMs += GRACE_MS / 4;
  }
}

async function errorsOf(
  repository: ObjectRepository,
  depth: 'structure' | 'data',
): Promise<readonly Finding[]> {
  const findings = await collect(repository.verify({ depth }));
  return findings.filter(({ severity }) => severity === 'error');
}

const past = await history();

async function play(seed: number) {
  const random = seededRandom(seed);
  const below = (limit: number) => seededInteger(random, limit);
  const shared: SharedObjects = { ...past, objects: new Map(past.objects) };
  shared.nowMs += below(3) * 0.5 * GRACE_MS;
  const plan: Loss = { loss: below(4), afterTurns: below(60), cameLate: false };
  const isPruned = below(2) === 0;
  const schedule = new Schedule(below, () => {
    if (below(24) === 0) shared.nowMs += GRACE_MS / 64;
  });
  const inProcess = (...points: readonly SamplePoint[]) => {
    const afterTurns = below(3) * 30;
    return schedule.actor(async (intercept) => {
      await waitTurns(intercept, afterTurns);
      await using repository = await open(shared, intercept);
      const allowed = () => (plan.cameLate ? ALLOWED_AFTER_LATE_INDEX : ALLOWED);
      const writing = points.map((point) =>
        writeSample(repository, point).catch((error: unknown) => unless(allowed())(error)),
      );
      return (await Promise.all(writing)).map((point) => point?.id);
    });
  };
  const beside = async (run: (intercept: Interceptor) => Promise<unknown>) => {
    await schedule.actor(run);
    return [];
  };
  const waits = below(120);
  const outcomes = Promise.all([
    inProcess(increment),
    ...(below(4) === 0 ? [inProcess(large)] : []),
    inProcess(one, two),
    beside((intercept) => writeAndGiveUp(shared, intercept, waits).catch(unless(ALLOWED))),
    beside((intercept) => loseAndRebuild(shared, intercept, plan)),
    ...(isPruned ? [beside((intercept) => pruneTwice(shared, intercept))] : []),
  ]);
  await Promise.all([outcomes, schedule.play()]);
  const committed = (await outcomes).flat().filter((id) => id !== undefined);
  return { shared, committed, operations: schedule.operations, cameLate: plan.cameLate };
}

/**
 * What is committed restores at once, and after prunes; then nothing is left of the time when it was unsure. The damage record of a late
 * index object is taken back by the verification that reads its packs whole (rule 21); what it named beside is gone, and goes by rule 13.
 */
async function expectWhole(
  shared: SharedObjects,
  committed: readonly PointId[],
  cameLate = false,
): Promise<void> {
  const young = keysOf(shared, 'young/').length;
  for (let round = 0; round < 3; round += 1) {
    await using repository = await open(shared);
    const there = (await collect(repository.points())).map(({ id }) => id);
    expect(there).toEqual(expect.arrayContaining([sampleId(base), sampleId(other), ...committed]));
    for (const point of committable)
      if (there.includes(sampleId(point))) await expectSample(repository, sampleId(point), point.disk);
    if (round !== 1) expect(await errorsOf(repository, round === 0 ? 'structure' : 'data')).toEqual([]);
    if (round === 2) break;
    expect(await repository.maintenance.prune({ last: 9 })).toMatchObject({ findings: [] });
    shared.nowMs += GRACE_MS;
  }
  expect(keysOf(shared, 'young/'), `${young} before`).toEqual([]);
  if (!cameLate) expect(keysOf(shared, 'damage/')).toEqual([]);
  await using repository = await open(shared);
  await repository.maintenance.prune({ last: 9 });
  expect(keysOf(shared, 'damage/')).toEqual([]);
}

describe('a rebuild of a lost, damaged or whole index beside up to five writers, one of which gives up, and a prune', () => {
  it(`keeps every committed point whole, without another one, in ${SCHEDULES} orders of their operations`, async () => {
    let operations = 0;
    let committed = 0;
    let young = 0;
    let late = 0;
    for (let seed = 1; seed <= SCHEDULES; seed += 1) {
      try {
        const played = await play(seed);
        operations += played.operations;
        committed += played.committed.length;
        young += keysOf(played.shared, 'young/').length > 0 ? 1 : 0;
        late += played.cameLate ? 1 : 0;
        await expectWhole(played.shared, played.committed, played.cameLate);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    process.stdout.write(
      `object repository: ${SCHEDULES} schedules with a rebuild (seeds 1 to ${SCHEDULES}), ${operations} operations, ${committed} points, new packs named apart in ${young}, an index object late in ${late}\n`,
    );
    expect(committed).toBeGreaterThan(2 * SCHEDULES);
    expect(young).toBeGreaterThan(SCHEDULES / 4);
    expect(late).toBeLessThan(SCHEDULES / 10);
  });
});

/** Makes the index again; `act` runs beside it before the operation of that number. Whether there was one. */
async function rebuildUntil(
  shared: SharedObjects,
  at: number,
  act: () => Promise<unknown>,
): Promise<boolean> {
  let operations = 0;
  await using repository = await open(shared, async (_, run) => {
    operations += 1;
    if (operations === at) await act();
    run();
  });
  await repository.maintenance.rebuildIndex();
  return operations >= at;
}

describe('a backup that had published packs before the index was lost', () => {
  it('makes a point that restores, at whatever moment of a rebuild it is committed', async () => {
    let moments = 0;
    for (let isBeside = true; isBeside; moments += 1) {
      const shared: SharedObjects = { ...past, objects: new Map(past.objects) };
      await using repository = await open(shared);
      await using writer = await repository.begin(draftOf(large), soloFence);
      await writeDisk(writer, large);
      expect(keysOf(shared, 'progress/')).toHaveLength(1);
      for (const key of keysOf(shared, 'index/')) shared.objects.delete(key);
      isBeside = await rebuildUntil(shared, moments + 1, () => writer.commit([]));
      await writer.commit([]);
      await expectWhole(shared, [sampleId(large)]);
    }
    process.stdout.write(`object repository: a commit at each of ${moments - 1} operations of a rebuild\n`);
    expect(moments).toBeGreaterThan(20);
  });
});
