import { SendenseError, systemRandom, systemServices, throwIfAborted } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { createStore } from '../src/create-store.ts';
import { type ObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { parseCreateOptions } from '../src/options.ts';
import { createAttempts } from '../src/remote/attempts.ts';
import { createOnce } from '../src/remote/create-once.ts';
import type { ObjectStatus, ObjectStore } from '../src/store/object-store.ts';
import { keysOf } from './hurt-objects.ts';
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

describe('a commit by a machine both of whose clocks stood still', () => {
  const HOUR_MS = 3600 * 1000;
  const twin = { ...point, stream: 't' };
  const committed = (shared: SharedObjects, stream: string) =>
    openObjectRepository({ store: createMemoryStore(shared), key: testKey }).then(async (repository) => {
      await using opened = repository;
      return (await collect(opened.points())).filter(({ id }) => id === sampleId({ ...point, stream }));
    });

  it('is refused when all of its chunks were stored already, and prunes deleted them meanwhile', async () => {
    const shared = await create(HOUR_MS);
    const access = { store: createMemoryStore(shared), key: testKey };
    await using repository = await openObjectRepository(access, { clock: clocks().clock });
    await writeSample(repository, point);
    const packs = keysOf(shared, 'packs/');
    await using writer = await repository.begin(draftOf(twin), soloFence);
    await writeDisk(writer, twin);
    await repository.maintenance.delete(sampleId(point));
    await pruneTwice(shared, HOUR_MS);
    expect(keysOf(shared, 'packs/')).toEqual([]);
    await expect(writer.commit([])).rejects.toMatchObject({ code: 'EXPIRED', effect: 'none' });
    expect(packs.length).toBeGreaterThan(0);
    expect(await committed(shared, 't')).toEqual([]);
  });

  it.each(['index/', 'points/'])(
    'is refused when they stood still right before it asked for the time and sent what begins with %s',
    async (late) => {
      const shared = await create(HOUR_MS);
      let isHeld = false;
      const store = createMemoryStore(shared, async ({ kind, key }, run) => {
        // the last thing that is read before either is sent
        const isLast = late === 'index/' ? key === 'damage/' : keysOf(shared, 'index/').length > 0;
        if (isHeld && isLast && kind !== 'delete') {
          isHeld = false;
          await pruneTwice(shared, HOUR_MS);
        }
        run();
      });
      await using repository = await openObjectRepository({ store, key: testKey }, { clock: clocks().clock });
      await using writer = await repository.begin(draftOf(point), soloFence);
      await writeDisk(writer, point);
      isHeld = true;
      await expect(writer.commit([])).rejects.toMatchObject({ code: 'EXPIRED', effect: 'none' });
      expect({ isHeld, late: keysOf(shared, late) }).toEqual({ isHeld: false, late: [] });
    },
  );

  it('needs no right to delete: what tells the time is left to prune', async () => {
    for (const code of ['PERMISSION_DENIED', 'IMMUTABLE'] as const) {
      const shared = await create(HOUR_MS);
      const store = createMemoryStore(shared, async ({ kind, key }, run) => {
        if (kind === 'delete') throw new SendenseError(code, `${key} stays`, { operation: 'delete-object' });
        run();
      });
      await using repository = await openObjectRepository({ store, key: testKey }, { clock: clocks().clock });
      await writeSample(repository, point);
      await expectSample(repository, sampleId(point), point.disk);
      // as it began, before its index object, before its manifest
      expect(keysOf(shared, 'probe/')).toHaveLength(3);
      await pruneTwice(shared, HOUR_MS);
      expect(keysOf(shared, 'probe/')).toEqual([]);
      await expectSample(repository, sampleId(point), point.disk);
    }
  });
});

describe('an index object whose answer was lost', () => {
  const HOUR_MS = 3600 * 1000;
  const lostAnswer = () =>
    new SendenseError('CONNECTION_LOST', 'no answer', { operation: 'put-object', effect: 'unknown' });

  it.each([
    [
      'and that came late has its packs named in a damage record',
      { isLate: true, isKnown: true, records: 1 },
    ],
    ['and of which nothing can be told, too', { isLate: false, isKnown: false, records: 1 }],
    ['and that came in time is relied on', { isLate: false, isKnown: true, records: 0 }],
  ])('%s', async (_what, { isLate, isKnown, records }) => {
    for (const isCancelled of [false, true]) {
      const shared = await create(HOUR_MS);
      const abort = new AbortController();
      const store = createMemoryStore(shared, async ({ kind, key }, run) => {
        const isIndex = key.startsWith('index/');
        if (isIndex && kind === 'head' && !isKnown) throw lostAnswer();
        const isHeld = isIndex && kind === 'put';
        if (isHeld && isLate) await pruneTwice(shared, HOUR_MS);
        run();
        if (!isHeld) return;
        if (!isCancelled) throw lostAnswer();
        abort.abort();
        throwIfAborted(abort.signal, 'put-object');
      });
      await using repository = await openObjectRepository({ store, key: testKey }, { clock: clocks().clock });
      await using writer = await repository.begin(draftOf(point), soloFence);
      await writeDisk(writer, point);
      const ended = await writer.commit([], { signal: abort.signal }).catch((error: unknown) => error);
      expect(ended).toMatchObject({ code: isCancelled ? 'ABORTED' : 'CONNECTION_LOST' });
      expect(keysOf(shared, 'index/')).toHaveLength(1);
      expect(keysOf(shared, 'damage/')).toHaveLength(records);
    }
  });
});

describe('a writer that gives up', () => {
  const HOUR_MS = 3600 * 1000;

  it('deletes no pack, however late it is: prune does so once they are as old as the grace', async () => {
    for (const passedMs of [0, HOUR_MS / 4, 2 * HOUR_MS]) {
      const shared = await create(HOUR_MS);
      const deleted: string[] = [];
      const store = createMemoryStore(shared, async ({ kind, key }, run) => {
        if (kind === 'delete') deleted.push(key);
        run();
      });
      await using repository = await openObjectRepository({ store, key: testKey }, { clock: clocks().clock });
      const writer = await repository.begin(draftOf(point), soloFence);
      await writeDisk(writer, point);
      const packs = keysOf(shared, 'packs/');
      shared.nowMs += passedMs;
      await writer[Symbol.asyncDispose]();
      expect(keysOf(shared, 'packs/')).toEqual(packs);
      expect(deleted.filter((key) => !key.startsWith('probe/'))).toEqual([]);
      expect(packs).toHaveLength(1);
      await pruneTwice(shared, HOUR_MS);
      expect(keysOf(shared, 'packs/')).toEqual([]);
    }
  });
});
