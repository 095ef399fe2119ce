import assert from 'node:assert/strict';
import { SendenseError } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { openObjectRepository } from '../src/object-repository.ts';
import type { OpenSettings } from '../src/options.ts';
import { create, dataPacks, flip, GRACE_MS, keysOf } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, type SharedObjects } from './memory-store.ts';
import {
  CHUNK_BYTES,
  draftOf,
  expectSample,
  type SamplePoint,
  sampleId,
  writeDisk,
  writeSample,
} from './sample-disk.ts';

const MIB = 1024 * 1024;
type Settings = Partial<Pick<OpenSettings, 'compactBelow' | 'compactBytes'>>;

function open(shared: SharedObjects, settings: Settings = {}) {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  return openObjectRepository({ store: createMemoryStore(shared), key: testKey, ...settings }, { clock });
}

/** For each stream a full of four chunks, and an increment that keeps so many of them. */
const pointsOf = (stream: string, seed: number, kept: number): readonly [SamplePoint, SamplePoint] => {
  const disk = [seed, seed + 1, seed + 2, seed + 3];
  const full: SamplePoint = { stream, sequence: 1, disk };
  const next = disk.map((chunk, index) => (index < kept ? chunk : 0));
  return [full, { stream, sequence: 2, disk: next, base: { id: sampleId(full), disk } }];
};

/** A repository with such streams, one pack for each of their points. */
async function withStreams(...streams: readonly (readonly SamplePoint[])[]): Promise<SharedObjects> {
  const shared = await create();
  await using repository = await open(shared);
  for (const point of streams.flat()) await writeSample(repository, point);
  return shared;
}

/** Prunes once, so long after the last time that plans are ripe. */
async function prune(shared: SharedObjects, settings?: Settings) {
  shared.nowMs += GRACE_MS;
  await using repository = await open(shared, settings);
  return await repository.maintenance.prune({ last: 1 });
}

const bytesOf = (shared: SharedObjects): number =>
  keysOf(shared, 'packs/').reduce((sum, key) => sum + (shared.objects.get(key)?.bytes.byteLength ?? 0), 0);

async function expectWhole(shared: SharedObjects, ...points: readonly SamplePoint[]): Promise<void> {
  await using repository = await open(shared);
  for (const point of points) await expectSample(repository, sampleId(point), point.disk);
  const findings = await collect(repository.verify({ depth: 'data' }));
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
}

describe('a prune', () => {
  it('gives back the room of a pack that is mostly dead: what is needed of it is copied, then it goes', async () => {
    const [full, last] = pointsOf('a', 1, 1);
    const shared = await withStreams([full, last]);
    const [sparse] = dataPacks(shared);
    await prune(shared);
    expect(keysOf(shared, 'packs/')).toContain(sparse);
    await expectWhole(shared, last);
    await prune(shared);
    expect(keysOf(shared, 'packs/')).not.toContain(sparse);
    expect(bytesOf(shared)).toBeLessThan(1.1 * CHUNK_BYTES);
    await expectWhole(shared, last);
    const settled = [...shared.objects.keys()];
    await prune(shared);
    expect([...shared.objects.keys()]).toEqual(settled);
  });

  it('copies a pack once that two index objects name, because a rewriting of the index was cut off', async () => {
    const [full, last] = pointsOf('a', 1, 1);
    const shared = await withStreams([full, last]);
    const store = createMemoryStore(shared, async ({ kind, key }, run) => {
      if (kind === 'delete' && key.startsWith('index/'))
        throw new SendenseError('CONNECTION_LOST', 'the network broke', { operation: 'delete-object' });
      run();
    });
    await using cut = await openObjectRepository({ store, key: testKey });
    await expect(cut.maintenance.rebuildIndex()).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    const before = bytesOf(shared);
    await prune(shared);
    expect(bytesOf(shared) - before).toBeLessThan(1.1 * CHUNK_BYTES);
    expect(bytesOf(shared) - before).toBeGreaterThan(CHUNK_BYTES);
    await expectWhole(shared, last);
  });

  it.each([
    ['of which most is needed', 3, {}],
    ['when it is told to compact none', 1, { compactBelow: 0 }],
  ])('leaves a pack as it is %s', async (_what, kept, settings) => {
    const [full, last] = pointsOf('a', 1, kept);
    const shared = await withStreams([full, last]);
    const before = dataPacks(shared);
    await prune(shared, settings);
    await prune(shared, settings);
    expect(dataPacks(shared)).toEqual(before);
    await expectWhole(shared, last);
  });

  it('copies no more at once than it is told, and the rest the next times', async () => {
    const streams = [pointsOf('a', 1, 1), pointsOf('b', 11, 1), pointsOf('c', 21, 1)];
    const shared = await withStreams(...streams);
    const sparse = dataPacks(shared);
    const left: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      await prune(shared, { compactBytes: MIB });
      left.push(sparse.filter((key) => shared.objects.has(key)).length);
    }
    expect(left).toEqual([3, 2, 1, 0]);
    await expectWhole(shared, ...streams.map(([, last]) => last));
  });

  it('leaves a pack that object lock keeps: its room would not come back', async () => {
    const [full, last] = pointsOf('a', 1, 1);
    const shared: SharedObjects = { ...(await withStreams([full, last])), retention: true };
    const [sparse = assert.fail()] = dataPacks(shared);
    const pack = shared.objects.get(sparse) ?? assert.fail();
    shared.objects.set(sparse, { ...pack, retainUntil: new Date(shared.nowMs + 10 * GRACE_MS) });
    await prune(shared);
    await prune(shared);
    expect(dataPacks(shared)).toEqual([sparse]);
  });

  it('comes to the packs behind those that object lock keeps, however many these are', async () => {
    const streams = Array.from({ length: 8 }, (_, index) => pointsOf(`s${index}`, 1 + 10 * index, 1));
    const shared: SharedObjects = { ...(await withStreams(...streams)), retention: true };
    const [free = assert.fail(), ...kept] = dataPacks(shared);
    for (const key of kept) {
      const pack = shared.objects.get(key) ?? assert.fail();
      shared.objects.set(key, { ...pack, retainUntil: new Date(shared.nowMs + 10 * GRACE_MS) });
    }
    await prune(shared, { compactBytes: MIB });
    await prune(shared, { compactBytes: MIB });
    expect(keysOf(shared, 'packs/')).not.toContain(free);
    expect(keysOf(shared, 'packs/')).toEqual(expect.arrayContaining(kept));
    await expectWhole(shared, ...streams.map(([, last]) => last));
  });

  it.each([0, 1])(
    'neither plans nor copies a pack that holds the whole copy of a chunk which is damaged elsewhere, stored first or second (%i)',
    async (which) => {
      const shared = await create();
      const [full, last] = pointsOf('a', 1, 0);
      const other: SamplePoint = { stream: 'b', sequence: 1, disk: [1, 22, 23, 24] };
      await using one = await open(shared);
      await using two = await open(shared);
      const writers = [await one.begin(draftOf(full), soloFence), await two.begin(draftOf(other), soloFence)];
      const points = [full, other];
      for (const index of [which, 1 - which]) {
        const [writer, point] = [writers[index] ?? assert.fail(), points[index] ?? assert.fail()];
        await using closing = writer;
        await writeDisk(closing, point);
        await closing.commit([]);
      }
      const [sparse = assert.fail(), damaged = assert.fail()] =
        which === 0 ? dataPacks(shared) : dataPacks(shared).toReversed();
      const disk = [0, 2, 0, 0];
      const next: SamplePoint = { ...last, disk, base: { id: sampleId(full), disk: full.disk } };
      await writeSample(one, next);
      flip(shared, damaged);
      for (let round = 0; round < 4; round += 1) await prune(shared);
      expect(keysOf(shared, 'prune/plan')).toEqual([]);
      expect(dataPacks(shared)).toEqual(expect.arrayContaining([sparse, damaged]));
      expect(dataPacks(shared)).toHaveLength(2);
      await using after = await open(shared);
      for (const point of [next, other]) await expectSample(after, sampleId(point), point.disk);
    },
  );

  it('plans what nothing needs also where there is no room for copies, and says so', async () => {
    const [full, last] = pointsOf('a', 1, 1);
    const shared = await withStreams([full, last, ...pointsOf('b', 11, 0)]);
    const [, dead] = dataPacks(shared);
    shared.nowMs += GRACE_MS;
    const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
    const store = createMemoryStore(shared, async ({ kind, key }, run) => {
      if (kind === 'put' && key.startsWith('packs/'))
        throw new SendenseError('NO_SPACE', 'the store is full', { operation: 'put-object' });
      run();
    });
    await using repository = await openObjectRepository({ store, key: testKey }, { clock });
    await expect(repository.maintenance.prune({ last: 1 })).rejects.toMatchObject({ code: 'NO_SPACE' });
    await prune(shared);
    expect(keysOf(shared, 'packs/')).not.toContain(dead);
    await expectWhole(shared, last);
  });

  it('takes back the copies that it could not finish: they would fill the store for as long as the grace', async () => {
    const [full, last] = pointsOf('a', 1, 1);
    const shared = await withStreams([full, last]);
    const before = keysOf(shared, 'packs/');
    shared.nowMs += GRACE_MS;
    const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
    const made = () => keysOf(shared, 'packs/').filter((key) => !before.includes(key));
    let isBroken = false;
    const store = createMemoryStore(shared, async ({ kind, key }, run) => {
      const isPack = kind === 'get' && key.startsWith('packs/');
      isBroken ||= isPack && made().length > 0;
      if (isPack && isBroken)
        throw new SendenseError('CONNECTION_LOST', 'the network broke', { operation: 'get-object' });
      run();
    });
    await using repository = await openObjectRepository({ store, key: testKey }, { clock });
    await expect(repository.maintenance.prune({ last: 1 })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    });
    expect([isBroken, made()]).toEqual([true, []]);
    await expectWhole(shared, last);
  });

  it('copies nothing of a pack with a frame that is damaged, and names it', async () => {
    const [full, last] = pointsOf('a', 1, 1);
    const shared = await withStreams([full, last]);
    const [sparse = assert.fail()] = dataPacks(shared);
    flip(shared, sparse);
    const { findings } = await prune(shared);
    expect(findings).toMatchObject([{ code: 'pack-damaged', object: sparse }]);
    await prune(shared);
    expect(dataPacks(shared)).toEqual([sparse]);
  });
});
