import assert from 'node:assert/strict';
import type { PointWriter, PruneReport } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { describe, expect, it } from 'vitest';
import {
  createObjectRepository,
  type ObjectRepository,
  openObjectRepository,
} from '../src/object-repository.ts';
import type { ObjectStore } from '../src/store/object-store.ts';
import { dataPacks, GRACE_MS, keysOf } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { createMemoryHead, type KeptHeads } from './memory-head.ts';
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
/** So long the bucket locks whatever is put into it. */
const LOCK_MS = 10 * DAY_MS;
const gone: SamplePoint = { stream: 'a', sequence: 1, disk: [1, 2, 3] };
const kept: SamplePoint = { stream: 'a', sequence: 2, disk: [4, 5, 6] };
/** Needs what only the point holds that is to go. */
const again: SamplePoint = { stream: 'b', sequence: 1, disk: [1, 2, 3] };

/** What a bucket with default retention is to the repository: with its option for object lock, or without. */
function lockingStore(shared: SharedObjects, isTold: boolean): ObjectStore {
  const store = createMemoryStore(shared);
  return {
    ...store,
    capabilities: { ...store.capabilities, retention: isTold },
    put: (key, bytes, options, call) =>
      store.put(key, bytes, { ...options, retainUntil: new Date(shared.nowMs + LOCK_MS) }, call),
  };
}

function open(shared: SharedObjects, isTold = true): Promise<ObjectRepository> {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  return openObjectRepository({ store: lockingStore(shared, isTold), key: testKey }, { clock });
}

async function create(...points: readonly SamplePoint[]): Promise<SharedObjects> {
  const shared: SharedObjects = { ...noObjects(), retention: true };
  const store = lockingStore(shared, true);
  const options = { store, key: testKey, chunkBytes: CHUNK_BYTES, graceMs: GRACE_MS };
  await using repository = await createObjectRepository(options);
  for (const point of points) await writeSample(repository, point);
  return shared;
}

async function prune(shared: SharedObjects, isTold = true): Promise<PruneReport> {
  await using repository = await open(shared, isTold);
  return await repository.maintenance.prune({ last: 1 });
}

async function expectRestored(shared: SharedObjects, point: SamplePoint): Promise<void> {
  await using repository = await open(shared);
  await expectSample(repository, sampleId(point), point.disk);
}

const plans = (shared: SharedObjects) => keysOf(shared, 'prune/plan');

describe('a bucket that locks whatever is put into it', () => {
  it.each([
    ['knows', true],
    ['does not know', false],
  ])('has its space back when the locks end, where the repository %s it', async (_what, isTold) => {
    const shared = await create(gone);
    const old = dataPacks(shared);
    const counts: number[] = [];
    let newest = gone;
    for (let day = 0; day < 60; day += 1) {
      shared.nowMs += DAY_MS;
      newest = { ...newest, sequence: newest.sequence + 1, disk: [5, 6, 7, 10 + day] };
      await using repository = await open(shared, isTold);
      await writeSample(repository, newest);
      await prune(shared, isTold);
      counts.push([...shared.objects.keys()].filter((key) => !key.startsWith('removed/')).length);
    }
    expect(dataPacks(shared).filter((key) => old.includes(key))).toEqual([]);
    // what is left of one day goes as much later as on any other: removals, which are kept for longer, aside
    expect(Math.max(...counts.slice(40))).toBeLessThanOrEqual(Math.max(...counts.slice(20, 40)));
    await expectRestored(shared, newest);
  });

  it('is not pruned twice at once: the lock that stays holds for an hour', async () => {
    const shared = await create(gone, kept);
    await prune(shared);
    await expect(prune(shared)).rejects.toMatchObject({ code: 'LOCKED' });
    shared.nowMs += 3600 * 1000;
    await prune(shared);
  });
});

describe('a removal in a bucket that locks whatever is put into it, and is not known to', () => {
  it('names no point that stays: a client with a head would miss it no more when somebody hid it', async () => {
    const shared = await create(gone);
    const seen: KeptHeads = new Map();
    const look = () => {
      const trustedHead = createMemoryHead(seen);
      return openObjectRepository({ store: lockingStore(shared, false), key: testKey, trustedHead });
    };
    await (await look())[Symbol.asyncDispose]();
    await using repository = await open(shared, false);
    const [manifest = ''] = keysOf(shared, 'points/');
    await writeSample(repository, kept);
    const findings = [{ code: 'point-locked', point: sampleId(gone) }];
    expect(await repository.maintenance.prune({ last: 1 })).toMatchObject({ removed: [], findings });
    expect(keysOf(shared, 'removed/')).toEqual([]);
    shared.objects.delete(manifest);
    await expect(look()).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});

/** Begins a point and writes its disk; nothing is committed. */
async function beginWriting(repository: ObjectRepository, point: SamplePoint): Promise<PointWriter> {
  const writer = await repository.begin(draftOf(point), soloFence);
  await writeDisk(writer, point);
  return writer;
}

/** Unlocks what begins with `prefix`. */
function unlock(shared: SharedObjects, prefix: string): void {
  for (const key of keysOf(shared, prefix)) {
    const { bytes, modifiedAt } = shared.objects.get(key) ?? assert.fail();
    shared.objects.set(key, { bytes, modifiedAt });
  }
}

describe('a plan that object lock keeps', () => {
  it('is not carried out while a point needs what it names, and keeps points from going', async () => {
    const shared = await create(gone, kept);
    unlock(shared, 'points/');
    await using repository = await open(shared);
    const writer = await beginWriting(repository, again);
    await prune(shared);
    expect(plans(shared)).toHaveLength(1);
    await writer.commit([]);
    await writer[Symbol.asyncDispose]();
    unlock(shared, 'points/');
    unlock(shared, 'packs/');
    unlock(shared, 'index/');
    await writeSample(repository, { ...again, sequence: 2, disk: [7, 8, 9] });
    unlock(shared, 'points/');
    const [plan] = plans(shared);
    shared.nowMs += 2 * GRACE_MS;
    expect(await prune(shared)).toMatchObject({ removed: [], findings: [{ code: 'point-locked' }] });
    expect(plans(shared)).toContain(plan);
    await expectRestored(shared, again);
    shared.nowMs += LOCK_MS;
    expect(await prune(shared)).toMatchObject({ removed: [sampleId(again)], findings: [] });
    expect(plans(shared)).not.toContain(plan);
  });
});

describe('a point that no policy keeps, that is hurt and that object lock keeps', () => {
  /** A plan, a point that may go, and one that is hurt and locked. */
  async function hurt() {
    const shared = await create(gone);
    const [manifest = ''] = keysOf(shared, 'points/');
    const [nodes = ''] = keysOf(shared, 'packs/').filter((key) => !dataPacks(shared).includes(key));
    const { retainUntil } = shared.objects.get(manifest) ?? assert.fail();
    await using repository = await open(shared);
    for (let sequence = 1; sequence <= 3; sequence += 1)
      await writeSample(repository, { ...again, sequence, disk: [7, 8, 10 + sequence] });
    unlock(shared, 'points/');
    await repository.maintenance.prune({ last: 2 });
    expect(plans(shared)).toHaveLength(1);
    await writeSample(repository, kept);
    const { bytes, modifiedAt } = shared.objects.get(manifest) ?? assert.fail();
    unlock(shared, '');
    if (retainUntil !== undefined) shared.objects.set(manifest, { bytes, modifiedAt, retainUntil });
    shared.objects.delete(nodes);
    shared.nowMs += 2 * GRACE_MS;
    return { shared, manifest };
  }

  it('hinders neither that others go nor the prune, and nothing that it may need is deleted', async () => {
    const { shared, manifest } = await hurt();
    const packs = keysOf(shared, 'packs/');
    const planned = plans(shared);
    for (let round = 0; round < 2; round += 1) {
      expect(await prune(shared)).toMatchObject({
        removed: round === 0 ? ['b-2'] : [],
        findings: [
          { code: 'point-locked', point: sampleId(gone) },
          { severity: 'error', code: 'point-damaged' },
        ],
      });
      expect(keysOf(shared, 'packs/')).toEqual(packs);
      expect(plans(shared)).toEqual(planned);
      shared.nowMs += 2 * GRACE_MS;
    }
    expect(shared.objects.has(manifest)).toBe(true);
    await expectRestored(shared, kept);
  });

  it('goes when its lock ends, and the space comes back', async () => {
    const { shared, manifest } = await hurt();
    await prune(shared);
    const before = keysOf(shared, 'packs/').length;
    shared.nowMs += LOCK_MS;
    expect(await prune(shared)).toMatchObject({ removed: [sampleId(gone)], findings: [] });
    expect(shared.objects.has(manifest)).toBe(false);
    shared.nowMs += LOCK_MS;
    await prune(shared);
    expect(keysOf(shared, 'packs/').length).toBeLessThan(before);
    await expectRestored(shared, kept);
  });

  it('is no hindrance where one is deleted by its id, also when that one is hurt', async () => {
    const { shared } = await hurt();
    for (const key of keysOf(shared, 'packs/'))
      if (!dataPacks(shared).includes(key)) shared.objects.delete(key);
    await using repository = await open(shared);
    await repository.maintenance.delete(sampleId(kept));
    await expect(repository.open(sampleId(kept))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    shared.nowMs += 3600 * 1000;
    await expect(repository.maintenance.delete(sampleId(gone))).rejects.toMatchObject({ code: 'IMMUTABLE' });
  });

  it('does not excuse one that the policy keeps and is hurt, too', async () => {
    const { shared } = await hurt();
    for (const key of keysOf(shared, 'packs/'))
      if (!dataPacks(shared).includes(key)) shared.objects.delete(key);
    const before = [...shared.objects.keys()];
    await expect(prune(shared)).rejects.toMatchObject({ code: 'CORRUPT' });
    expect(before.filter((key) => !shared.objects.has(key) && !key.startsWith('prune/lock'))).toEqual([]);
  });
});
