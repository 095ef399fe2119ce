import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { openObjectRepository } from '../src/object-repository.ts';
import { create, first, GRACE_MS, keysOf, open } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { createMemoryHead, type KeptHeads } from './memory-head.ts';
import { createMemoryStore, type SharedObjects } from './memory-store.ts';
import { type SamplePoint, sampleId, writeSample } from './sample-disk.ts';

const DAY_MS = 24 * 3600 * 1000;
/** The removals of this day and of the two after it may be joined. */
const NEXT_BUCKET_MS = Date.UTC(2026, 0, 11);
const removals = (shared: SharedObjects) => keysOf(shared, 'removed/').sort();

/** A repository in which as many points were made, seen, and deleted one by one; and the clients that saw each as the newest. */
async function deletedOneByOne(count: number) {
  const shared = await create();
  shared.nowMs = NEXT_BUCKET_MS;
  const clients: KeptHeads[] = [];
  await using repository = await open(shared);
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const point: SamplePoint = { ...first, sequence };
    await writeSample(repository, point);
    const kept: KeptHeads = new Map();
    await look(shared, kept);
    clients.push(kept);
    await repository.maintenance.delete(sampleId(point));
    shared.nowMs += DAY_MS / 8;
  }
  return { shared, clients };
}

async function look(shared: SharedObjects, kept: KeptHeads): Promise<void> {
  const store = createMemoryStore(shared);
  await using _ = await openObjectRepository({ store, key: testKey, trustedHead: createMemoryHead(kept) });
}

async function prune(shared: SharedObjects): Promise<void> {
  await using repository = await open(shared);
  await repository.maintenance.prune({ last: 1 });
}

describe('removals', () => {
  it('are joined when there are many, and no client misses a point before, meanwhile or after', async () => {
    const { shared, clients } = await deletedOneByOne(17);
    const expectSeen = async () => {
      for (const kept of clients) await look(shared, structuredClone(kept));
    };
    const alone = removals(shared);
    expect(alone).toHaveLength(17);
    await prune(shared);
    expect(removals(shared)).toHaveLength(18);
    await expectSeen();
    await prune(shared); // the joined one is younger than the grace: nothing is joined again, and nothing goes
    expect(removals(shared)).toHaveLength(18);
    shared.nowMs += GRACE_MS;
    await prune(shared);
    const [joined, ...others] = removals(shared);
    expect(others).toEqual([]);
    expect(alone).not.toContain(joined);
    await expectSeen();
    await using repository = await open(shared);
    const findings = await collect(repository.verify({ depth: 'data' }));
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('hinder no prune when they are too old and object lock keeps them still', async () => {
    const { shared } = await deletedOneByOne(1);
    const [key = ''] = removals(shared);
    shared.nowMs += 401 * DAY_MS;
    const object = shared.objects.get(key);
    if (object) shared.objects.set(key, { ...object, retainUntil: new Date(shared.nowMs + DAY_MS) });
    await prune(shared);
    expect(removals(shared)).toEqual([key]);
    shared.nowMs += DAY_MS;
    await prune(shared);
    expect(removals(shared)).toEqual([]);
  });

  it('are left alone while they are few', async () => {
    const { shared } = await deletedOneByOne(16);
    const before = removals(shared);
    for (let round = 0; round < 2; round += 1) {
      shared.nowMs += GRACE_MS;
      await prune(shared);
    }
    expect(removals(shared)).toEqual(before);
  });

  it('are not joined with those of another month, and go when they are older than 400 days', async () => {
    const { shared } = await deletedOneByOne(17);
    const days = () => removals(shared).map((key) => Number(key.slice('removed/'.length, -33)));
    shared.nowMs += 30 * DAY_MS;
    await using repository = await open(shared);
    await writeSample(repository, first);
    await repository.maintenance.delete(sampleId(first));
    for (let round = 0; round < 2; round += 1) {
      await prune(shared);
      shared.nowMs += GRACE_MS;
    }
    // the last of 17 in steps of 3 hours
    const last = NEXT_BUCKET_MS / DAY_MS + 2;
    expect(days()).toEqual([last, last + 30]);
    shared.nowMs = (last + 400) * DAY_MS;
    await prune(shared);
    expect(days()).toEqual([last, last + 30]);
    shared.nowMs += DAY_MS;
    await prune(shared);
    expect(days()).toEqual([last + 30]);
  });

  it('of a store that holds other objects below their name are read all the same', async () => {
    const { shared, clients } = await deletedOneByOne(1);
    const [key = ''] = removals(shared);
    const object = shared.objects.get(key) ?? expect.fail();
    shared.objects.set('removed/notes', object);
    shared.nowMs += 500 * DAY_MS;
    await look(shared, clients[0] ?? expect.fail());
    await prune(shared);
    expect(removals(shared)).toEqual(['removed/notes']);
  });
});
