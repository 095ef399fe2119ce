import { SendenseError, systemRandom, systemServices } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { describe, expect, it } from 'vitest';
import { createStore } from '../src/create-store.ts';
import { type ObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { parseCreateOptions } from '../src/options.ts';
import { createAttempts } from '../src/remote/attempts.ts';
import { createOnce } from '../src/remote/create-once.ts';
import type { ObjectStatus, ObjectStore } from '../src/store/object-store.ts';
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

  it.each(['index/', 'points/'])(
    'is not sent again when the machine slept after a first try of what begins with %s',
    async (slow) => {
      const shared = await create(HOUR_MS);
      const { at, clock } = clocks();
      const store = createMemoryStore(shared);
      const limits = { attempts: 3, maxDelayMs: 0, timeoutMs: 60_000, minBytesPerSecond: 1 };
      const attempts = createAttempts(limits, { log: () => undefined, random: systemRandom });
      const sleeping: ObjectStore = {
        ...store,
        put: (key, bytes, options, call) => {
          const once = createOnce<ObjectStatus>(options?.beforeSend);
          const findOwn = async () => undefined;
          const send = async (attempt: number) => {
            if (!key.startsWith(slow) || attempt > 1) return store.put(key, bytes, {}, call);
            at.wallMs += HOUR_MS;
            const asleep = { operation: 'put-object', effect: 'unknown' } as const;
            throw new SendenseError('CONNECTION_LOST', 'the machine slept', asleep);
          };
          const request = { operation: 'put-object', subject: key };
          return attempts(request, (_, attempt) => once({ send: () => send(attempt), findOwn }), call);
        },
      };
      await using repository = await openObjectRepository({ store: sleeping, key: testKey }, { clock });
      await using writer = await repository.begin(draftOf(point), soloFence);
      await writeDisk(writer, point);
      await expect(writer.commit([])).rejects.toMatchObject({ code: 'EXPIRED', effect: 'unknown' });
      expect([...shared.objects.keys()].filter((key) => key.startsWith(slow))).toEqual([]);
    },
  );
});

describe('a writer that gives up', () => {
  const HOUR_MS = 3600 * 1000;
  const twin = { ...point, stream: 't' };

  it('leaves packs that others may rely on by now, also when both clocks of its machine stood still', async () => {
    const shared = await create(HOUR_MS);
    const access = { store: createMemoryStore(shared), key: testKey };
    await using repository = await openObjectRepository(access, { clock: clocks().clock });
    const writer = await repository.begin(draftOf(point), soloFence);
    await writeDisk(writer, point);
    shared.nowMs += HOUR_MS;
    await repository.maintenance.rebuildIndex();
    await using other = await openObjectRepository(access, { clock: clocks().clock });
    await writeSample(other, twin);
    await writer[Symbol.asyncDispose]();
    await expectSample(other, sampleId(twin), twin.disk);
  });

  it('leaves its packs when the store does not tell its time, and removes them when it does', async () => {
    for (const isAsked of [false, true]) {
      const shared = await create(HOUR_MS);
      const store = createMemoryStore(shared, async ({ kind, key }, run) => {
        if (!isAsked && kind === 'put' && key.startsWith('probe/'))
          throw new SendenseError('CONNECTION_LOST', 'nobody answers', { operation: 'put-object' });
        run();
      });
      await using repository = await openObjectRepository({ store, key: testKey }, { clock: clocks().clock });
      const writer = await repository.begin(draftOf(point), soloFence);
      await writeDisk(writer, point);
      await writer[Symbol.asyncDispose]();
      const left = [...shared.objects.keys()].filter((key) => /^(?:packs|probe)\//.test(key));
      expect(left).toHaveLength(isAsked ? 0 : 1);
    }
  });
});
