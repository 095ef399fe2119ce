import {
  type Call,
  type LogSink,
  type MachineKey,
  type PointId,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { limitConcurrency } from '@sendense/plugin-kit';
import { PREFIXES } from '../layout/object-keys.ts';
import { type PointRecord, pointRecord } from '../records/point-record.ts';
import { MAX_RECORD_BYTES, openRecord } from '../records/sealed-json.ts';
import { SEAL_BYTES, type Sealer, sealTag } from '../seal/seal.ts';
import { getRecord, getSmall } from '../store/get-listed.ts';
import type { ListedObject, ObjectStore } from '../store/object-store.ts';

/** A manifest and where it is. */
export type StoredPoint = { readonly key: string; readonly record: PointRecord };

/** A manifest of the store; its id is the tag of its seal, which no other one has, also of the same point. */
export type FoundPoint = StoredPoint & { readonly manifestId: string };

/** Manifests as they were found: those that can be read, and what is wrong with the others. */
export type FoundPoints = {
  readonly points: readonly FoundPoint[];
  readonly damaged: ReadonlyMap<string, SendenseError>;
};

/** The manifest of these bytes. Throws `CORRUPT`. */
export function openManifest(sealer: Sealer, key: string, bytes: Uint8Array): FoundPoint {
  return { key, record: openRecord(sealer, pointRecord, key, bytes), manifestId: sealTag(bytes) };
}

/** Manifests read at once. */
const AT_ONCE = 16;

type Read = {
  readonly key: string;
  readonly stamp: string;
  readonly found: FoundPoint | SendenseError;
};

/** The manifests of the store; each is read once as long as it stays the same object. */
export class PointCatalog {
  readonly #store: ObjectStore;
  readonly #sealer: Sealer;
  readonly #log: LogSink;
  #known = new Map<string, Read>();

  constructor(store: ObjectStore, sealer: Sealer, log: LogSink) {
    this.#store = store;
    this.#sealer = sealer;
    this.#log = log;
  }

  /** All manifests. A damaged one is told in the log, and to who asks for it. */
  async all(call?: Call): Promise<FoundPoints> {
    const known = new Map<string, Read>();
    const points: FoundPoint[] = [];
    const damaged = new Map<string, SendenseError>();
    for (const done of await this.#readAll(call)) {
      if (done === undefined) continue;
      known.set(done.key, done);
      if (SendenseError.is(done.found)) damaged.set(done.key, this.#told(done.found, done.key));
      else points.push(done.found);
    }
    this.#known = known;
    return { points, damaged };
  }

  /** The manifest of a point; `undefined` when there is none. */
  async find(id: PointId, call?: Call): Promise<FoundPoint | undefined> {
    return (await this.all(call)).points.find(({ record }) => record.id === id);
  }

  /** The manifests of a machine. */
  async of(machine: MachineKey, call?: Call): Promise<readonly FoundPoint[]> {
    return (await this.all(call)).points.filter(({ record }) => record.machine === machine);
  }

  /** The manifest at a key. Rejects with `NOT_FOUND`, `CORRUPT`. */
  async read(key: string, call?: Call): Promise<FoundPoint> {
    const bytes = await getSmall(this.#store, key, MAX_RECORD_BYTES + SEAL_BYTES, call);
    return openManifest(this.#sealer, key, bytes);
  }

  async #readAll(call?: Call): Promise<readonly (Read | undefined)[]> {
    const limited = limitConcurrency(AT_ONCE);
    const reading: Promise<Read | undefined>[] = [];
    for await (const listed of this.#store.list(PREFIXES.points, undefined, call)) {
      throwIfAborted(call?.signal, 'list-points');
      const one = limited(() => this.#readOnce(listed, call));
      one.catch(() => undefined); // told below
      reading.push(one);
    }
    return Promise.all(reading);
  }

  async #readOnce(listed: ListedObject, call?: Call): Promise<Read | undefined> {
    const { key, sizeBytes, modifiedAt } = listed;
    const stamp = `${sizeBytes} ${modifiedAt.getTime()}`;
    const known = this.#known.get(key);
    if (known?.stamp === stamp) return known;
    try {
      const bytes = await getRecord(this.#store, listed, call);
      return { key, stamp, found: openManifest(this.#sealer, key, bytes) };
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND')) return undefined; // deleted meanwhile
      if (SendenseError.is(error, 'CORRUPT')) return { key, stamp, found: error };
      throw error;
    }
  }

  #told(error: SendenseError, key: string): SendenseError {
    if (!SendenseError.is(this.#known.get(key)?.found))
      this.#log({ level: 'warn', message: error.message, fields: { object: key } });
    return error;
  }
}
