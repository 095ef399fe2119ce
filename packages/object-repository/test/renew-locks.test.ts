import { SendenseError } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import type { ObjectStore } from '../src/store/object-store.ts';
import { dataPacks, flip, keysOf } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, noObjects, type SharedObjects } from './memory-store.ts';
import { CHUNK_BYTES, expectSample, type SamplePoint, sampleId, writeSample } from './sample-disk.ts';

const DAY_MS = 24 * 3600 * 1000;
const RETAIN_MS = 30 * DAY_MS;
const GRACE_MS = 7 * DAY_MS;
const first: SamplePoint = { stream: 'a', sequence: 1, disk: [1, 2, 3, 4] };
const second: SamplePoint = {
  stream: 'a',
  sequence: 2,
  disk: [1, 2, 7, 8],
  base: { id: sampleId(first), disk: first.disk },
};
const other: SamplePoint = { stream: 'b', sequence: 1, disk: [5, 6] };

async function create(retainMs: number | undefined = RETAIN_MS): Promise<SharedObjects> {
  const shared: SharedObjects = { ...noObjects(), retention: true };
  const made = { store: createMemoryStore(shared), key: testKey, chunkBytes: CHUNK_BYTES, graceMs: GRACE_MS };
  await (await createObjectRepository({ ...made, ...(retainMs && { retainMs }) }))[Symbol.asyncDispose]();
  return shared;
}

function open(shared: SharedObjects, store: ObjectStore = createMemoryStore(shared)) {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  return openObjectRepository({ store, key: testKey }, { clock });
}

async function write(shared: SharedObjects, ...points: readonly SamplePoint[]): Promise<void> {
  await using repository = await open(shared);
  for (const point of points) await writeSample(repository, point);
}

async function renew(shared: SharedObjects, store?: ObjectStore) {
  await using repository = await open(shared, store);
  return await repository.maintenance.renewLocks();
}

/** What is left when all that is not locked was deleted, its index made again. */
async function afterAttack({ objects, nowMs }: SharedObjects): Promise<SharedObjects> {
  const left = [...objects].filter(([, { retainUntil }]) => (retainUntil?.getTime() ?? 0) > nowMs);
  const shared: SharedObjects = { objects: new Map(left), nowMs, retention: true };
  await using repository = await open(shared);
  await repository.maintenance.rebuildIndex();
  return shared;
}

async function expectRestored(shared: SharedObjects, ...points: readonly SamplePoint[]): Promise<void> {
  await using repository = await open(shared);
  for (const point of points) await expectSample(repository, sampleId(point), point.disk);
}

/** A store that locks and reads, and refuses to create and to delete. */
function lockOnly(shared: SharedObjects): ObjectStore {
  const refuse = () =>
    Promise.reject(new SendenseError('PERMISSION_DENIED', 'not allowed', { operation: 'put-object' }));
  return { ...createMemoryStore(shared), put: refuse, delete: refuse };
}

describe('points that are kept while nobody backs up', () => {
  it('are open to whoever may delete once they were locked for as long as they must live', async () => {
    const shared = await create();
    await write(shared, first);
    shared.nowMs += RETAIN_MS + GRACE_MS + RETAIN_MS / 4;
    const locked = [...shared.objects.values()].filter(
      ({ retainUntil }) => (retainUntil?.getTime() ?? 0) > shared.nowMs,
    );
    expect(locked).toEqual([]);
  });

  it('stay locked for as long again each time that their locks are renewed, without a right to create or delete', async () => {
    const shared = await create();
    await write(shared, first, second, other);
    for (let month = 0; month < 3; month += 1) {
      shared.nowMs += RETAIN_MS;
      const { until, points, objects, findings } = await renew(shared, lockOnly(shared));
      expect({ points, findings }).toEqual({ points: 3, findings: [] });
      expect(until.getTime()).toBeGreaterThanOrEqual(shared.nowMs + GRACE_MS + RETAIN_MS);
      const isThere = (key: string) => /^(?:sendense|keys|packs|points|disks)/.test(key);
      expect(objects).toBe([...shared.objects.keys()].filter(isThere).length);
    }
    shared.nowMs += RETAIN_MS;
    await expectRestored(await afterAttack(shared), first, second, other);
  });

  it('are the only ones: what a policy dropped before goes as it would have gone', async () => {
    const shared = await create();
    await write(shared, first, { ...first, sequence: 2, disk: [9, 10] });
    const kept: SamplePoint = { ...first, sequence: 2, disk: [9, 10] };
    const before = dataPacks(shared);
    shared.nowMs += 2 * RETAIN_MS;
    const prune = async () => {
      await using repository = await open(shared);
      return await repository.maintenance.prune({ last: 1 });
    };
    expect(await prune()).toMatchObject({ removed: [sampleId(first)] });
    expect(await renew(shared)).toMatchObject({ points: 1, findings: [] });
    shared.nowMs += GRACE_MS;
    await prune();
    expect(dataPacks(shared).length).toBeLessThan(before.length);
    await expectRestored(await afterAttack(shared), kept);
  });
});

describe('a renewal of locks', () => {
  it('tells which point is hurt and which pack is gone, and locks what the others need', async () => {
    const shared = await create();
    await write(shared, first);
    for (const key of keysOf(shared, 'packs/')) if (!dataPacks(shared).includes(key)) flip(shared, key);
    const before = new Set(dataPacks(shared));
    await write(shared, other);
    const gone = dataPacks(shared).filter((key) => !before.has(key));
    const whole: SamplePoint = { stream: 'c', sequence: 1, disk: [30] };
    await write(shared, whole);
    for (const key of gone) shared.objects.delete(key);
    shared.nowMs += RETAIN_MS;
    const { points, findings } = await renew(shared);
    expect(points).toBe(2);
    expect(findings).toEqual([
      expect.objectContaining({ code: 'point-damaged', point: sampleId(first) }),
      ...gone.map((object) => expect.objectContaining({ code: 'pack-missing', object })),
    ]);
    expect(gone).toHaveLength(1);
    shared.nowMs += RETAIN_MS;
    await expectRestored(await afterAttack(shared), whole);
  });

  it('tells of a manifest that is damaged', async () => {
    const shared = await create();
    await write(shared, first, other);
    const [manifest = ''] = keysOf(shared, 'points/');
    flip(shared, manifest);
    expect(await renew(shared)).toMatchObject({
      points: 1,
      findings: [{ code: 'point-damaged', object: manifest }],
    });
  });

  it('is refused where nobody says how long points must live, and where nothing can be locked', async () => {
    const shared = await create(0);
    await expect(renew(shared)).rejects.toMatchObject({ code: 'UNSUPPORTED', operation: 'renew-locks' });
    const locked = await create();
    await expect(renew(locked, createMemoryStore({ ...locked, retention: false }))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      remedy: expect.stringContaining('objectLock') as string,
    });
  });

  it('ends when it is cancelled', async () => {
    const shared = await create();
    await write(shared, first);
    await using repository = await open(shared);
    const stop = new AbortController();
    const renewing = repository.maintenance.renewLocks({ signal: stop.signal });
    stop.abort();
    await expect(renewing).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('says what was cancelled, also while it walks the maps of points', async () => {
    const shared = await create();
    await write(shared, first);
    const store = createMemoryStore(shared);
    const stop = new AbortController();
    const get: typeof store.get = (key, ...rest) => {
      if (key.startsWith('packs/')) stop.abort();
      return store.get(key, ...rest);
    };
    await using repository = await open(shared, { ...store, get });
    await expect(repository.maintenance.renewLocks({ signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORTED',
      operation: 'renew-locks',
    });
  });
});
