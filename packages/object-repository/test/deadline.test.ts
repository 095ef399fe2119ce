import { systemServices } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { describe, expect, it } from 'vitest';
import { createStore } from '../src/create-store.ts';
import { type ObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { parseCreateOptions } from '../src/options.ts';
import type { ObjectStore } from '../src/store/object-store.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, noObjects, type SharedObjects } from './memory-store.ts';
import { CHUNK_BYTES, draftOf, type SamplePoint, writeDisk } from './sample-disk.ts';

const point: SamplePoint = { stream: 's', sequence: 1, disk: [1, 2, 3] };

async function create(graceMs: number): Promise<SharedObjects> {
  const shared = noObjects();
  const settings = { ...parseCreateOptions({ chunkBytes: CHUNK_BYTES }), graceMs };
  const { random, clock } = systemServices();
  const now = clock.now();
  await createStore({ store: createMemoryStore(shared), key: testKey, settings, random, now });
  return shared;
}

/** Clocks of a machine that a test sets. */
const clocks = () => {
  const at = { wallMs: Date.UTC(2026, 0, 1), monotonicMs: 0 };
  return { at, clock: { now: () => new Date(at.wallMs), monotonicMs: () => at.monotonicMs } };
};

async function pruneTwice(shared: SharedObjects, graceMs: number): Promise<void> {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  await using repository: ObjectRepository = await openObjectRepository(
    { store: createMemoryStore(shared), key: testKey },
    { clock },
  );
  for (let round = 0; round < 2; round += 1) {
    shared.nowMs += graceMs;
    await repository.maintenance.prune({ last: 1 });
  }
}

describe('a commit that is late', () => {
  const HOUR_MS = 3600 * 1000;
  it.each([
    ['the monotonic clock', { monotonicMs: HOUR_MS, wallMs: 0 }],
    ['the wall clock, when the machine slept', { monotonicMs: 0, wallMs: HOUR_MS }],
    ["the clock of the store, when the machine's clocks stood still", { monotonicMs: 0, wallMs: 0 }],
  ])('is refused by %s', async (_what, passed) => {
    const shared = await create(HOUR_MS);
    const { at, clock } = clocks();
    const access = { store: createMemoryStore(shared), key: testKey };
    await using repository = await openObjectRepository(access, { clock });
    await using writer = await repository.begin(draftOf(point), soloFence);
    await writeDisk(writer, point);
    await pruneTwice(shared, HOUR_MS);
    at.monotonicMs += passed.monotonicMs;
    at.wallMs += passed.wallMs;
    await expect(writer.commit([])).rejects.toMatchObject({ code: 'EXPIRED', effect: 'none' });
    expect([...shared.objects.keys()].filter((key) => /^(?:points|index)\//.test(key))).toEqual([]);
  });

  it.each(['index/', 'points/'])(
    'is given up when the store takes too long for what begins with %s',
    async (slow) => {
      const shared = await create(200);
      const { clock } = clocks();
      const store = createMemoryStore(shared);
      const stuck: ObjectStore = {
        ...store,
        put: (key, bytes, options, call) =>
          key.startsWith(slow)
            ? new Promise((_, reject) =>
                call?.signal?.addEventListener('abort', () => reject(call.signal?.reason)),
              )
            : store.put(key, bytes, options, call),
      };
      await using repository = await openObjectRepository({ store: stuck, key: testKey }, { clock });
      await using writer = await repository.begin(draftOf(point), soloFence);
      await writeDisk(writer, point);
      await expect(writer.commit([])).rejects.toMatchObject({ code: 'EXPIRED', effect: 'unknown' });
    },
  );
});
