import { SendenseError, throwIfAborted } from '@sendense/core';
import { checkKey } from '../src/store/object-key.ts';
import type { ListedObject, ObjectStatus, ObjectStore } from '../src/store/object-store.ts';

/** An operation of a store; a listing is one for each object that it gives. */
export type StoreOperation = {
  readonly kind: 'put' | 'get' | 'head' | 'list' | 'delete';
  readonly key: string;
};

/** Runs an operation, now, later, or not at all. */
export type Interceptor = (operation: StoreOperation, run: () => void) => Promise<void>;

/** An object, and until when it is locked. */
export type StoredObject = {
  readonly bytes: Uint8Array;
  readonly modifiedAt: Date;
  readonly retainUntil?: Date;
};

/** Objects that several stores of a test share, and their clock. */
export type SharedObjects = {
  readonly objects: Map<string, StoredObject>;
  nowMs: number;
  /** Whether the store has object lock. */
  readonly retention?: boolean;
};

/** No objects, at a fixed time. */
export function noObjects(): SharedObjects {
  return { objects: new Map(), nowMs: Date.UTC(2026, 0, 1) };
}

/** A strict store in memory. A listing sees what comes and goes meanwhile, as a real one may. */
export function createMemoryStore(
  shared: SharedObjects,
  intercept: Interceptor = async (_, run) => run(),
): ObjectStore {
  const missing = (key: string) =>
    new SendenseError('NOT_FOUND', `there is no object ${key}`, { operation: 'get-object' });
  return {
    location: 'memory:',
    capabilities: { retention: shared.retention ?? false, maxObjectBytes: 2 ** 40 },
    async put(key, bytes, options, call) {
      throwIfAborted(call?.signal, 'put-object');
      const copy = copyOf(bytes);
      options?.beforeSend?.();
      let modifiedAt: Date | undefined;
      await intercept({ kind: 'put', key: checkKey(key) }, () => {
        modifiedAt = createObject(shared, key, { ...lockIn(options), bytes: copy });
      });
      if (modifiedAt === undefined) throw alreadyThere(key);
      return { sizeBytes: copy.byteLength, modifiedAt };
    },
    async get(key, range) {
      let bytes: Uint8Array | undefined;
      await intercept({ kind: 'get', key }, () => {
        bytes = shared.objects.get(key)?.bytes;
      });
      if (bytes === undefined) throw missing(key);
      const { offset, length } = range ?? { offset: 0, length: bytes.byteLength };
      if (offset + length > bytes.byteLength)
        throw new SendenseError('RANGE_INVALID', `${key} is shorter`, { operation: 'get-object' });
      return Uint8Array.from(bytes.subarray(offset, offset + length));
    },
    async head(key) {
      let status: ObjectStatus | undefined;
      await intercept({ kind: 'head', key }, () => {
        status = statusOf(shared, key);
      });
      return status;
    },
    list: (prefix, options) => listSlowly(shared, intercept, prefix, options?.after ?? ''),
    async delete(key) {
      await intercept({ kind: 'delete', key }, () => {
        const until = shared.objects.get(key)?.retainUntil;
        if (until !== undefined && until.getTime() > shared.nowMs)
          throw new SendenseError('IMMUTABLE', `${key} is locked`, { operation: 'delete-object' });
        shared.objects.delete(key);
      });
    },
    async retain(key, until) {
      if (shared.retention !== true)
        throw new SendenseError('UNSUPPORTED', 'no object lock here', { operation: 'retain-object' });
      const object = shared.objects.get(key);
      if (object === undefined) throw missing(key);
      const laterMs = Math.max(until.getTime(), object.retainUntil?.getTime() ?? 0);
      shared.objects.set(key, { ...object, retainUntil: new Date(laterMs) });
    },
    async [Symbol.asyncDispose]() {},
  };
}

function copyOf(bytes: Uint8Array | readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(bytes instanceof Uint8Array ? [bytes] : bytes));
}

/** Gives the time of the creation, however long the answer takes then; `undefined` where an object is there. */
function createObject(
  { objects, nowMs }: SharedObjects,
  key: string,
  object: Omit<StoredObject, 'modifiedAt'>,
): Date | undefined {
  if (objects.has(key)) return undefined;
  const modifiedAt = new Date(nowMs);
  objects.set(key, { ...object, modifiedAt });
  return modifiedAt;
}

function alreadyThere(key: string): SendenseError {
  return new SendenseError('ALREADY_EXISTS', `${key} is there already`, { operation: 'put-object' });
}

function lockIn({ retainUntil }: { readonly retainUntil?: Date } = {}) {
  return retainUntil === undefined ? {} : { retainUntil };
}

function statusOf(shared: SharedObjects, key: string): ObjectStatus | undefined {
  const object = shared.objects.get(key);
  return object && { ...lockIn(object), sizeBytes: object.bytes.byteLength, modifiedAt: object.modifiedAt };
}

async function* listSlowly(
  shared: SharedObjects,
  intercept: Interceptor,
  prefix: string,
  after: string,
): AsyncGenerator<ListedObject> {
  for (let last = after; ; ) {
    let next: string | undefined;
    await intercept({ kind: 'list', key: prefix }, () => {
      next = [...shared.objects.keys()].filter((key) => key.startsWith(prefix) && key > last).sort()[0];
    });
    if (next === undefined) return;
    last = next;
    const status = statusOf(shared, next);
    if (status !== undefined) yield { key: next, ...status };
  }
}
