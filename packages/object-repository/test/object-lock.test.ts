import { pointId, type Random, systemRandom } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { dataPacks, flip, keysOf } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, noObjects, type SharedObjects } from './memory-store.ts';
import {
  CHUNK_BYTES,
  draftOf,
  expectSample,
  type SamplePoint,
  sampleId,
  writeDisk,
  writeSample,
} from './sample-disk.ts';

const DAY_MS = 24 * 3600 * 1000;
const RETAIN_MS = 30 * DAY_MS;
const first: SamplePoint = { stream: 'a', sequence: 1, disk: [1, 2, 3, 4] };

function open(shared: SharedObjects, random: Random = systemRandom) {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  const store = createMemoryStore(shared);
  return openObjectRepository({ store, key: testKey, retainMs: RETAIN_MS }, { clock, random });
}

/** Random ids that begin with a byte: so a test says whose index object is listed first. */
function idsFrom(start: number): Random {
  const bytes = (length: number) => Buffer.from([start, ...systemRandom.bytes(length - 1)]);
  return { ...systemRandom, bytes };
}

async function create(): Promise<SharedObjects> {
  const shared: SharedObjects = { ...noObjects(), retention: true };
  const options = { store: createMemoryStore(shared), key: testKey, chunkBytes: CHUNK_BYTES };
  await (await createObjectRepository(options))[Symbol.asyncDispose]();
  return shared;
}

async function write(shared: SharedObjects, point: SamplePoint, random?: Random): Promise<void> {
  await using repository = await open(shared, random);
  await writeSample(repository, point);
}

/** What is left when whoever has the writer's key deletes all that the store lets go. */
function afterAttack({ objects, nowMs }: SharedObjects): SharedObjects {
  const isLocked = ({ retainUntil }: { readonly retainUntil?: Date }) =>
    (retainUntil?.getTime() ?? 0) > nowMs;
  return { objects: new Map([...objects].filter(([, object]) => isLocked(object))), nowMs };
}

/** An index object is locked as long as the point that it was written with: what newer points need of it is made again. */
async function rebuildIndex(shared: SharedObjects): Promise<SharedObjects> {
  await using repository = await openObjectRepository({ store: createMemoryStore(shared), key: testKey });
  expect(await repository.maintenance.rebuildIndex()).toMatchObject({ findings: [] });
  return shared;
}

async function expectRestored(shared: SharedObjects, point: SamplePoint): Promise<void> {
  await using repository = await openObjectRepository({ store: createMemoryStore(shared), key: testKey });
  await expectSample(repository, sampleId(point), point.disk);
}

describe('a point in a store with object lock', () => {
  it('is restored as long as it must live after an attacker deleted what could be deleted', async () => {
    const shared = await create();
    await write(shared, first);
    shared.nowMs += RETAIN_MS;
    await expectRestored(afterAttack(shared), first);
  });

  it.each<[string, SamplePoint]>([
    [
      'an increment',
      { stream: 'a', sequence: 2, disk: [1, 2, 3, 9], base: { id: pointId('a-1'), disk: first.disk } },
    ],
    ['a full of another stream', { stream: 'b', sequence: 1, disk: [9, 3, 2, 1] }],
  ])('keeps what an older point stored and it needs: %s', async (_what, later) => {
    const shared = await create();
    await write(shared, first);
    shared.nowMs += RETAIN_MS - DAY_MS;
    await write(shared, later);
    shared.nowMs += RETAIN_MS;
    await expectRestored(await rebuildIndex(afterAttack(shared)), later);
  });

  const remove = (shared: SharedObjects, key: string) => void shared.objects.delete(key);
  it.each<[string, string, (shared: SharedObjects, key: string) => void, number, number]>([
    ['damaged', 'listed first', flip, 0, 255],
    ['damaged', 'listed last', flip, 255, 0],
    ['missing', 'listed first', remove, 0, 255],
    ['missing', 'listed last', remove, 255, 0],
  ])(
    'keeps the copy that a full stored again, not the one that is %s and %s',
    async (_what, _where, hurt, before, after) => {
      const shared = await create();
      await write(shared, first, idsFrom(before));
      for (const key of dataPacks(shared)) hurt(shared, key);
      await using verifier = await open(shared);
      await collect(verifier.verify({ depth: 'data' }));
      const again: SamplePoint = { ...first, stream: 'b' };
      await write(shared, again, idsFrom(after));
      shared.nowMs += RETAIN_MS - DAY_MS;
      const base = { id: sampleId(again), disk: first.disk };
      const next: SamplePoint = { stream: 'b', sequence: 2, disk: [1, 2, 3, 9], base };
      await write(shared, next);
      shared.nowMs += RETAIN_MS;
      await expectRestored(await rebuildIndex(afterAttack(shared)), next);
    },
  );

  it('needs no renewals beyond its own when its base is locked for as long', async () => {
    const shared = await create();
    await write(shared, first);
    const packs = () => [...shared.objects].filter(([key]) => key.startsWith('packs/'));
    const before = packs().map(([, { retainUntil }]) => retainUntil);
    const base = { id: sampleId(first), disk: first.disk };
    const next: SamplePoint = { stream: 'a', sequence: 2, disk: [1, 2, 3, 9], base };
    await write(shared, next);
    expect(packs().map(([, { retainUntil }]) => retainUntil)).toEqual(packs().map(() => before[0]));
    shared.nowMs += RETAIN_MS;
    for (const point of [first, next]) await expectRestored(afterAttack(shared), point);
  });

  it('stays when a policy would remove it, and prune tells so; later it goes with its packs', async () => {
    const shared = await create();
    await write(shared, first);
    await write(shared, { ...first, sequence: 2, disk: [5, 6, 7, 8] });
    const prune = async () => {
      await using repository = await open(shared);
      return await repository.maintenance.prune({ last: 1 });
    };
    expect(await prune()).toMatchObject({
      removed: [],
      findings: [{ code: 'point-locked', point: 'a-1' }],
    });
    shared.nowMs += 2 * RETAIN_MS;
    expect(await prune()).toMatchObject({ removed: ['a-1'], findings: [] });
    const before = shared.objects.size;
    for (let round = 0; round < 2; round += 1) {
      shared.nowMs += 8 * DAY_MS;
      await prune();
    }
    expect(shared.objects.size).toBeLessThan(before);
    await expectRestored(shared, { ...first, sequence: 2, disk: [5, 6, 7, 8] });
  });

  it('frees the space of points that went also while backups go on', async () => {
    const shared = await create();
    await write(shared, first);
    const old = dataPacks(shared);
    let newest: SamplePoint = first;
    for (let week = 0; week < 12; week += 1) {
      shared.nowMs += 8 * DAY_MS;
      newest = { ...first, sequence: newest.sequence + 1, disk: [5, 6, 7, 10 + week] };
      await write(shared, newest);
      await using repository = await open(shared);
      await repository.maintenance.prune({ last: 1 });
    }
    expect(dataPacks(shared).filter((key) => old.includes(key))).toEqual([]);
    await expectRestored(shared, newest);
  });

  it.each(['while', 'after'])(
    'is committed %s a prune replaces the index objects that it loaded',
    async (when) => {
      const shared = await create();
      await write(shared, first);
      await write(shared, { ...first, sequence: 2, disk: [5, 6, 7, 8] });
      await using other = await open(shared);
      shared.nowMs += 2 * RETAIN_MS;
      await other.maintenance.prune({ last: 1 });
      shared.nowMs += 8 * DAY_MS;
      const point: SamplePoint = { stream: 'b', sequence: 1, disk: [8, 7, 6, 5] };
      await using writer = await other.begin(draftOf(point), soloFence);
      await writeDisk(writer, point);
      const replaced = keysOf(shared, 'index/');
      const store = createMemoryStore(shared, async ({ kind, key }, run) => {
        if (when === 'while' && kind === 'put' && key.startsWith('index/')) await writer.commit([]);
        run();
      });
      const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
      await using pruner = await openObjectRepository({ store, key: testKey }, { clock });
      await pruner.maintenance.prune({ last: 1 });
      expect(keysOf(shared, 'index/').filter((key) => replaced.includes(key))).toEqual([]);
      await writer.commit([]);
      await expectRestored(shared, point);
    },
  );

  it('is locked for as long as the repository says, by writers that say nothing or less', async () => {
    const shared: SharedObjects = { ...noObjects(), retention: true };
    const made = { store: createMemoryStore(shared), key: testKey, chunkBytes: CHUNK_BYTES };
    await (await createObjectRepository({ ...made, retainMs: RETAIN_MS }))[Symbol.asyncDispose]();
    const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
    for (const [stream, retainMs] of [
      ['a', undefined],
      ['b', 60_000],
    ] as const) {
      const options = { store: createMemoryStore(shared), key: testKey, ...(retainMs && { retainMs }) };
      await using repository = await openObjectRepository(options, { clock });
      expect(repository.capabilities.immutability).toBe(true);
      await writeSample(repository, { ...first, stream });
    }
    shared.nowMs += RETAIN_MS;
    for (const stream of ['a', 'b']) await expectRestored(afterAttack(shared), { ...first, stream });
  });

  it('is made nowhere else where the repository asks for it, and read there', async () => {
    const shared: SharedObjects = { ...noObjects(), retention: true };
    const made = { store: createMemoryStore(shared), key: testKey, chunkBytes: CHUNK_BYTES };
    await using repository = await createObjectRepository({ ...made, retainMs: RETAIN_MS });
    await writeSample(repository, first);
    const store = createMemoryStore({ ...shared, retention: false });
    await using other = await openObjectRepository({ store, key: testKey });
    await expect(other.begin(draftOf({ ...first, sequence: 2 }), soloFence)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      remedy: expect.stringContaining('objectLock') as string,
    });
    await expectSample(other, sampleId(first), first.disk);
  });

  it('is not offered by a store without it: nothing is made there', async () => {
    const shared = noObjects();
    const options = { store: createMemoryStore(shared), key: testKey, retainMs: RETAIN_MS };
    await expect(createObjectRepository(options)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(shared.objects.size).toBe(0);
  });
});
