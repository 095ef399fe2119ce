import { type Clock, SendenseError, throwIfAborted } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { createMemoryStore, noObjects, type SharedObjects } from '../../test/memory-store.ts';
import { checkKey } from '../store/object-key.ts';
import type { ListedObject, ObjectStore } from '../store/object-store.ts';
import { validateStore } from './validate-store.ts';

const sizes = { listedObjects: 20, largeBytes: 5000, racers: 4, lockMs: 60_000 };

function lockedError(key: string): SendenseError {
  return new SendenseError('IMMUTABLE', `${key} is locked`, { operation: 'delete-object' });
}

/** A store in memory that keeps every promise, object lock too. */
function honestStore(shared: SharedObjects = noObjects()): ObjectStore {
  const memory = createMemoryStore(shared);
  const locks = new Map<string, Date>();
  const withLock = <T extends object>(key: string, status: T): T => {
    const retainUntil = locks.get(key);
    return retainUntil === undefined ? status : { ...status, retainUntil };
  };
  return {
    ...memory,
    capabilities: { retention: true, maxObjectBytes: 2 ** 30 },
    async put(key, bytes, options, call) {
      const status = await memory.put(key, bytes, options, call);
      if (options?.retainUntil !== undefined) locks.set(key, options.retainUntil);
      return withLock(key, status);
    },
    async get(key, range, call) {
      throwIfAborted(call?.signal, 'get-object');
      return memory.get(checkKey(key), range, call);
    },
    async head(key) {
      const status = await memory.head(key);
      return status && withLock(key, status);
    },
    async delete(key) {
      if (locks.has(checkKey(key))) throw lockedError(key);
      await memory.delete(key);
    },
    async retain(key, until) {
      if ((await memory.head(key)) === undefined)
        throw new SendenseError('NOT_FOUND', `there is no ${key}`, { operation: 'retain-object' });
      if ((locks.get(key) ?? until) <= until) locks.set(key, until);
    },
  };
}

const clock: Clock = { now: () => new Date(noObjects().nowMs), monotonicMs: () => 0 };

async function* reversed(objects: AsyncIterable<ListedObject>): AsyncGenerator<ListedObject> {
  const all: ListedObject[] = [];
  for await (const object of objects) all.push(object);
  yield* all.toReversed();
}

async function* without(objects: AsyncIterable<ListedObject>, index: number): AsyncGenerator<ListedObject> {
  let at = 0;
  for await (const object of objects) {
    if (at !== index) yield object;
    at += 1;
  }
}

type Mutant = (honest: ObjectStore, shared: SharedObjects) => Partial<ObjectStore>;

/** Stores that each break one promise, and the case that must find it. */
const MUTANTS: readonly (readonly [what: string, found: string, mutant: Mutant])[] = [
  [
    'replaces objects',
    'an object is never replaced',
    (honest, { objects }) => ({
      put: (key, bytes, options, call) => {
        objects.delete(key);
        return honest.put(key, bytes, options, call);
      },
    }),
  ],
  [
    'lets the same bytes be put again',
    'an object is never replaced',
    (honest) => ({
      put: async (key, bytes, options, call) => {
        const there = await honest.head(key);
        const isSame = there?.sizeBytes === bytes.length && (await honest.get(key))[0] === bytes[0];
        return isSame ? there : honest.put(key, bytes, options, call);
      },
    }),
  ],
  [
    'looks before it creates, so that two may win',
    'of many creations at the same moment exactly one wins',
    (honest, { objects }) => ({
      put: async (key, bytes, options, call) => {
        const isThere = objects.has(key);
        await Promise.resolve();
        if (!isThere) objects.delete(key);
        return honest.put(key, bytes, options, call);
      },
    }),
  ],
  [
    'spoils the pieces it was given',
    'pieces are joined in their order, and left as they were',
    (honest) => ({
      put: async (key, bytes, options, call) => {
        const status = await honest.put(key, bytes, options, call);
        if (!(bytes instanceof Uint8Array)) bytes[0]?.fill(0);
        return status;
      },
    }),
  ],
  [
    'cuts large objects',
    'a large object is whole, and is create-only too',
    (honest) => ({ get: async (key, range) => (await honest.get(key, range)).subarray(0, 4999) }),
  ],
  [
    'ignores ranges',
    'ranges are exact',
    (honest) => ({
      get: async (key, range, call) => {
        await honest.get(key, range, call);
        return honest.get(key);
      },
    }),
  ],
  [
    'gives fewer bytes at the end',
    'a range past the end is refused, never shortened',
    (honest) => ({
      get: async (key, range, call) =>
        honest.get(key, range, call).catch(async (error: unknown) => {
          if (range === undefined || !SendenseError.is(error, 'RANGE_INVALID')) throw error;
          return (await honest.get(key)).subarray(range.offset, range.offset + range.length);
        }),
    }),
  ],
  [
    'makes up what is not there',
    'what is not there is said to be not there',
    (honest) => ({ get: (key, range, call) => honest.get(key, range, call).catch(() => new Uint8Array()) }),
  ],
  [
    'gives every reader the same memory',
    'what was read belongs to its reader, who may change it',
    (honest) => {
      const given = new Map<string, Promise<Uint8Array>>();
      return {
        get: (key, range, call) => {
          const name = `${key} ${range?.offset} ${range?.length}`;
          const bytes = given.get(name) ?? honest.get(key, range, call);
          if (key.endsWith('/own-memory')) given.set(name, bytes);
          return bytes;
        },
      };
    },
  ],
  [
    'gives what it keeps itself',
    'what was read belongs to its reader, who may change it',
    (honest, { objects }) => ({
      get: async (key, range, call) => {
        const bytes = await honest.get(key, range, call);
        return range === undefined ? (objects.get(key)?.bytes ?? bytes) : bytes;
      },
    }),
  ],
  [
    'accepts any key',
    'what is no key is refused',
    (honest) => ({ delete: async (key) => (key.startsWith('sendense') ? honest.delete(key) : undefined) }),
  ],
  [
    'goes on after a cancellation',
    'a cancelled creation leaves nothing',
    (honest) => ({ put: (key, bytes, options) => honest.put(key, bytes, options) }),
  ],
  [
    'sends without asking',
    'a creation asks before it is sent, and leaves nothing when it may not be',
    (honest) => ({ put: (key, bytes, _options, call) => honest.put(key, bytes, {}, call) }),
  ],
  [
    'lists in another order',
    'keys are listed by their bytes, whatever the order they came in',
    (honest) => ({ list: (prefix, options) => reversed(honest.list(prefix, options)) }),
  ],
  [
    'fills all the room there is',
    'what is put where the reader says is right, however much room is there',
    (honest) => ({
      get: async (key, range, options) => {
        const bytes = await honest.get(key, range, options);
        options?.into?.set(bytes.subarray(0, options.into.byteLength));
        return options?.into ?? bytes;
      },
    }),
  ],
  [
    'uses the room of one reader for the next',
    'what is put where the reader says is right, however much room is there',
    (honest) => {
      let room: Uint8Array | undefined;
      return {
        get: async (key, range, options) => {
          const bytes = await honest.get(key, range, options);
          if (options?.into === undefined || options.into.byteLength < bytes.byteLength) return bytes;
          room ??= options.into;
          room.set(bytes);
          return room.subarray(0, bytes.byteLength);
        },
      };
    },
  ],
  [
    'misses an object at the end of a page',
    'a listing of several pages has each object once',
    (honest) => ({ list: (prefix, options) => without(honest.list(prefix, options), 15) }),
  ],
  [
    'does not begin behind a key',
    'a listing begins anywhere, and has only what begins with the prefix',
    (honest) => ({ list: (prefix) => honest.list(prefix) }),
  ],
  [
    'only hides what it deletes',
    'a deleted object is gone for everybody, and may be deleted again',
    () => ({ delete: async (key) => void checkKey(key) }),
  ],
  [
    'refuses to delete what is gone',
    'a deleted object is gone for everybody, and may be deleted again',
    (honest) => ({
      delete: async (key) => {
        await honest.get(key);
        await honest.delete(key);
      },
    }),
  ],
  [
    'has a clock that goes back',
    'the time of objects goes on, and is the same by every way of asking',
    (honest, shared) => ({
      put: (key, bytes, options, call) => {
        shared.nowMs -= 5000;
        return honest.put(key, bytes, options, call);
      },
    }),
  ],
  [
    'has a clock that is ten minutes ahead',
    'the clocks of the store and of this machine agree',
    (_honest, shared) => {
      shared.nowMs += 600_000;
      return {};
    },
  ],
  [
    'forgets locks',
    'a locked object can be neither deleted nor replaced, and its lock only grows',
    (honest) => ({ put: (key, bytes, _options, call) => honest.put(key, bytes, {}, call) }),
  ],
  [
    'deletes what is locked',
    'a locked object can be neither deleted nor replaced, and its lock only grows',
    (honest, { objects }) => ({
      delete: (key) =>
        honest.delete(key).catch((error: unknown) => {
          if (!SendenseError.is(error, 'IMMUTABLE')) throw error;
          objects.delete(key);
        }),
    }),
  ],
  [
    'ignores locks that it does not have',
    'a store without object lock refuses locks instead of ignoring them',
    () => ({ capabilities: { retention: false, maxObjectBytes: 2 ** 30 } }),
  ],
  [
    'does not lock afterwards',
    'an object put without a lock can be locked afterwards',
    () => ({ retain: () => Promise.resolve() }),
  ],
];

describe('validateStore', () => {
  it('finds nothing wrong with a store that keeps its promises', async () => {
    const { isUsable, cases } = await validateStore(honestStore(), { sizes, clock });
    expect(cases.filter(({ outcome }) => outcome !== 'kept')).toEqual([]);
    expect(cases).toHaveLength(23);
    expect(isUsable).toBe(true);
  });

  it.each(MUTANTS)('finds a store that %s', async (_what, name, mutant) => {
    const shared = noObjects();
    const honest = honestStore(shared);
    const report = await validateStore({ ...honest, ...mutant(honest, shared) }, { sizes, clock });
    const found = report.cases.find((each) => each.name === name);
    expect(found).toMatchObject({ outcome: 'broken', reason: expect.any(String) as string });
    expect(report.findings.some(({ message }) => message.includes(name))).toBe(true);
  });

  it('a clock that differs weakens, and does not make a store unusable', async () => {
    const shared = { ...noObjects(), nowMs: noObjects().nowMs + 600_000 };
    const { isUsable, findings } = await validateStore(honestStore(shared), { sizes, clock });
    expect(isUsable).toBe(true);
    expect(findings).toContainEqual(
      expect.objectContaining({ severity: 'warning', code: 'store-promise-broken' }),
    );
  });

  it('tells what a writer without the right to delete cannot test, and takes the store for usable', async () => {
    const refuse = () =>
      Promise.reject(new SendenseError('PERMISSION_DENIED', 'no right', { operation: 'delete-object' }));
    const unlocked = { capabilities: { retention: false, maxObjectBytes: 2 ** 30 } };
    const memory = createMemoryStore(noObjects());
    const report = await validateStore({ ...memory, ...unlocked, delete: refuse }, { sizes, clock });
    const untested = report.cases.filter(({ outcome }) => outcome === 'untested');
    expect(untested.map(({ name }) => name)).toEqual([
      'a deleted object is gone for everybody, and may be deleted again',
      'a key is free again after its deletion',
    ]);
    expect(report.findings).toContainEqual(
      expect.objectContaining({ severity: 'warning', code: 'store-promise-untested' }),
    );
  });

  it('takes no store for usable whose answer was missing where it counts', async () => {
    const honest = honestStore();
    const list: ObjectStore['list'] = (prefix, ...rest) => {
      if (prefix.includes('/case-')) throw new SendenseError('TIMEOUT', 'no answer', { operation: 'list' });
      return honest.list(prefix, ...rest);
    };
    const { isUsable, cases } = await validateStore({ ...honest, list }, { sizes, clock });
    expect(isUsable).toBe(false);
    expect(cases.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
    expect(cases.filter(({ outcome }) => outcome === 'untested').length).toBeGreaterThan(2);
  });

  it('stops when it is cancelled, and leaves nothing but what is locked', async () => {
    const shared = noObjects();
    const stop = new AbortController();
    const options = { sizes, clock, onCase: () => stop.abort() };
    await expect(validateStore(honestStore(shared), options, { signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect([...shared.objects.keys()]).toEqual([]);
  });
});
