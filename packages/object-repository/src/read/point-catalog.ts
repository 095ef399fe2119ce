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
import { openRecord } from '../records/sealed-json.ts';
import { type Sealer, sealTag } from '../seal/seal.ts';
import { getRecord } from '../store/get-listed.ts';
import type { ListedObject, ObjectStore } from '../store/object-store.ts';
import { cameLate, type LateRule } from './late-manifest.ts';

/** A manifest and where it is. */
export type StoredPoint = { readonly key: string; readonly record: PointRecord };

/** A manifest of the store; its id is the tag of its seal, which no other one has, also of the same point. */
export type FoundPoint = StoredPoint & { readonly manifestId: string };

/** Manifests as they were found: those that can be read, and what is wrong with the others. */
export type FoundPoints = {
  readonly points: readonly FoundPoint[];
  /** Manifests that came too late: what they need may be gone, so they are no points. */
  readonly late: readonly FoundPoint[];
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
  readonly isLate: boolean;
};

/** What the catalog needs of its repository. */
export type PointCatalogOptions = {
  readonly store: ObjectStore;
  readonly sealer: Sealer;
  readonly log: LogSink;
  readonly late: LateRule;
};

/** The manifests of the store; each is read once as long as it stays the same object. */
export class PointCatalog {
  readonly #options: PointCatalogOptions;
  #known = new Map<string, Read>();

  constructor(options: PointCatalogOptions) {
    this.#options = options;
  }

  /** All manifests. One that is damaged or late is told in the log, and to who asks for it. */
  async all(call?: Call): Promise<FoundPoints> {
    const known = new Map<string, Read>();
    const points: FoundPoint[] = [];
    const late: FoundPoint[] = [];
    const damaged = new Map<string, SendenseError>();
    for (const done of await this.#readAll(call)) {
      if (done === undefined) continue;
      known.set(done.key, done);
      this.#tell(done);
      if (SendenseError.is(done.found)) damaged.set(done.key, done.found);
      else (done.isLate ? late : points).push(done.found);
    }
    this.#known = known;
    return { points, late, damaged };
  }

  /** The manifest of a point; `undefined` when there is none. */
  async find(id: PointId, call?: Call): Promise<FoundPoint | undefined> {
    return (await this.all(call)).points.find(({ record }) => record.id === id);
  }

  /** The manifests of a machine. */
  async of(machine: MachineKey, call?: Call): Promise<readonly FoundPoint[]> {
    return (await this.all(call)).points.filter(({ record }) => record.machine === machine);
  }

  /** The manifest at a key, and whether it came too late. Rejects with `NOT_FOUND`, `CORRUPT`. */
  async read(key: string, call?: Call): Promise<{ readonly found: FoundPoint; readonly isLate: boolean }> {
    const { store, sealer, late } = this.#options;
    const status = await store.head(key, call);
    if (status === undefined)
      throw new SendenseError('NOT_FOUND', `there is no object ${key}`, { operation: 'read-point' });
    const found = openManifest(sealer, key, await getRecord(store, { key, ...status }, call));
    return { found, isLate: cameLate(found.record, status.modifiedAt, late) };
  }

  async #readAll(call?: Call): Promise<readonly (Read | undefined)[]> {
    const limited = limitConcurrency(AT_ONCE);
    const reading: Promise<Read | undefined>[] = [];
    for await (const listed of this.#options.store.list(PREFIXES.points, undefined, call)) {
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
    const { store, sealer, late } = this.#options;
    try {
      const found = openManifest(sealer, key, await getRecord(store, listed, call));
      return { key, stamp, found, isLate: cameLate(found.record, modifiedAt, late) };
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND')) return undefined; // deleted meanwhile
      if (SendenseError.is(error, 'CORRUPT')) return { key, stamp, found: error, isLate: false };
      throw error;
    }
  }

  /** Once, as long as the manifest stays the same object. */
  #tell({ key, stamp, found, isLate }: Read): void {
    const message = SendenseError.is(found)
      ? found.message
      : isLate
        ? latePoint(found.record.id).message
        : '';
    if (message === '' || this.#known.get(key)?.stamp === stamp) return;
    this.#options.log({ level: 'warn', message, fields: { object: key } });
  }
}

/** The error of a manifest that came too late to be a point. */
export function latePoint(id: PointId): SendenseError {
  return new SendenseError('EXPIRED', `point ${id} was stored too late: what it needs may be gone`, {
    operation: 'open-point',
    remedy:
      'use another point: the backup that made this one was told that it failed. Where all manifests were copied within the store and look late only, store the configuration again as it is: docs/repository-format.md, 3.8',
    context: { point: id },
  });
}
