import { type PointId, SendenseError } from '@sendense/core';
import { collect, seededInteger, seededRandom } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { type ObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { type Cut, cutEverywhere, runUntil, WAYS_TO_DIE } from './cut-process.ts';
import { create, GRACE_MS, keysOf } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { rebuildLate } from './late-rebuild.ts';
import { createMemoryStore, type Interceptor, type SharedObjects } from './memory-store.ts';
import { plainChunks } from './plain-chunks.ts';
import { expectSample, type SamplePoint, sampleId, writeSample } from './sample-disk.ts';
import { Schedule } from './schedule.ts';

const SCHEDULES = 100 * Number(process.env.SENDENSE_TEST_SCALE ?? 1);

const dead: SamplePoint = { stream: 'a', sequence: 1, disk: [1, 2, 3, 4] };
const base: SamplePoint = { stream: 'a', sequence: 2, disk: [5, 6, 7, 4] };
const other: SamplePoint = { stream: 'o', sequence: 1, disk: [11, 12, 13, 14] };
/** Would do with what a ripe plan names, with what is whole, and with what is gone. */
const fromDead: SamplePoint = { stream: 'b', sequence: 1, disk: [1, 2, 8, 9] };
const fromWhole: SamplePoint = { stream: 'c', sequence: 1, disk: [11, 12, 6, 1] };
const fromLost: SamplePoint = { stream: 'd', sequence: 1, disk: [21, 22, 3, 7] };
const increment: SamplePoint = {
  stream: 'a',
  sequence: 3,
  disk: [5, 2, 7, 21],
  base: { id: sampleId(base), disk: base.disk },
};
const written = [fromDead, fromWhole, fromLost, increment];

function open(shared: SharedObjects, intercept?: Interceptor): Promise<ObjectRepository> {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  const options = { store: createMemoryStore(shared, intercept), key: testKey };
  return openObjectRepository(options, { clock, drivers: [plainChunks] });
}

/**
 * A record that is as old as the grace names every pack: those of two points, those that a ripe plan names, and those of a point that
 * is gone, which are gone, too, and which no plan names.
 */
async function history(): Promise<SharedObjects> {
  const shared = await create();
  await using repository = await open(shared);
  for (const point of [dead, base, other]) await writeSample(repository, point);
  await repository.maintenance.prune({ last: 1 });
  const before = new Set(keysOf(shared, 'packs/'));
  const { id } = await writeSample(repository, { ...fromLost, stream: 'gone', disk: [21, 22] });
  const lost = keysOf(shared, 'packs/').filter((key) => !before.has(key));
  await repository.maintenance.delete(id);
  await rebuildLate(shared);
  for (const key of lost) shared.objects.delete(key);
  shared.nowMs += GRACE_MS;
  return shared;
}

const past = await history();
const copyOfPast = (): SharedObjects => ({ ...past, objects: new Map(past.objects) });

function unless(...codes: readonly string[]) {
  return (error: unknown): undefined => {
    if (!SendenseError.is(error) || !codes.includes(error.code)) throw error;
  };
}

async function verify(shared: SharedObjects, intercept?: Interceptor): Promise<readonly string[]> {
  await using repository = await open(shared, intercept);
  return (await collect(repository.verify({ depth: 'data' }))).map(({ code }) => code);
}

async function pruneTwice(shared: SharedObjects, intercept: Interceptor): Promise<void> {
  await using repository = await open(shared, intercept);
  for (let round = 0; round < 2; round += 1)
    await repository.maintenance.prune({ last: 9 }).catch(unless('LOCKED', 'FENCED'));
}

/** What is committed restores at once, and after two graces of prunes; then nothing is noted as damaged any more. */
async function expectWhole(shared: SharedObjects, committed: readonly PointId[]): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await using repository = await open(shared);
    const there = (await collect(repository.points())).map(({ id }) => id);
    expect(there).toEqual(expect.arrayContaining([sampleId(base), sampleId(other), ...committed]));
    for (const point of [base, other, ...written])
      if (there.includes(sampleId(point))) await expectSample(repository, sampleId(point), point.disk);
    shared.nowMs += GRACE_MS;
    await repository.maintenance.prune({ last: 9 });
  }
  expect(
    (await verify(shared)).filter((code) => !/^(?:point-verified|damage-taken-back)$/.test(code)),
  ).toEqual([]);
  // what is left of a record when the packs that were gone had left the index goes by rule 13
  await using repository = await open(shared);
  await repository.maintenance.prune({ last: 9 });
  expect([...keysOf(shared, 'damage/'), ...keysOf(shared, 'prune/lock-')]).toEqual([]);
}

async function play(seed: number) {
  const random = seededRandom(seed);
  const below = (limit: number) => seededInteger(random, limit);
  const shared = copyOfPast();
  const schedule = new Schedule(below, () => {
    if (below(24) === 0) shared.nowMs += GRACE_MS / 64;
  });
  let takenBack = 0;
  const verifier = () =>
    schedule.actor(async (intercept) => {
      const codes = await verify(shared, intercept);
      if (codes.includes('damage-taken-back')) takenBack += 1;
    });
  const committed: PointId[] = [];
  const writer = (...points: readonly SamplePoint[]) =>
    schedule.actor(async (intercept) => {
      const turns = below(4) * 20;
      for (let turn = 0; turn < turns; turn += 1)
        await intercept({ kind: 'head', key: 'probe' }, () => undefined);
      await using repository = await open(shared, intercept);
      for (const point of points) {
        const made = await writeSample(repository, point).catch(unless('EXPIRED'));
        if (made !== undefined) committed.push(made.id);
      }
    });
  const outcomes = Promise.all([
    verifier(),
    ...(below(2) === 0 ? [verifier()] : []),
    writer(fromDead, fromWhole),
    writer(increment, fromLost),
    ...(below(3) > 0 ? [schedule.actor((intercept) => pruneTwice(shared, intercept))] : []),
  ]);
  await Promise.all([outcomes, schedule.play()]);
  return { shared, committed, takenBack, operations: schedule.operations };
}

describe('verifications that take back what a damage record says, beside two writers and a prune', () => {
  it(`keep every committed point whole in ${SCHEDULES} orders of their operations`, {
    timeout: 120_000,
  }, async () => {
    let [operations, committed, takenBack] = [0, 0, 0];
    for (let seed = 1; seed <= SCHEDULES; seed += 1) {
      try {
        const played = await play(seed);
        operations += played.operations;
        committed += played.committed.length;
        takenBack += played.takenBack;
        await expectWhole(played.shared, played.committed);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    process.stdout.write(
      `object repository: ${SCHEDULES} schedules with damage taken back (seeds 1 to ${SCHEDULES}), ${operations} operations, ${committed} points, taken back by ${takenBack} verifications\n`,
    );
    expect(committed).toBeGreaterThan(3 * SCHEDULES);
    expect(takenBack).toBeGreaterThan(SCHEDULES / 3);
  });
});

async function cutVerification(cut: Cut): Promise<number> {
  const shared = copyOfPast();
  const operations = await runUntil(cut, (intercept) => verify(shared, intercept));
  shared.nowMs += GRACE_MS / 4;
  await using repository = await open(shared);
  for (const point of written) await writeSample(repository, point);
  await expectWhole(shared, written.map(sampleId));
  return operations;
}

describe('a verification that dies while it takes damage back', () => {
  it.each(WAYS_TO_DIE)('leaves nothing for ever when an operation of it %s', async (_how, happens) => {
    const cuts = await cutEverywhere('a verification that takes damage back', happens, cutVerification);
    expect(cuts).toBeGreaterThan(50);
  });
});
