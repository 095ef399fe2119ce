import { type Call, type LogSink, SendenseError } from '@sendense/core';
import { limitConcurrency } from '@sendense/plugin-kit';
import { damagedObject } from '../keys/proven-json.ts';
import { PREFIXES } from '../layout/object-keys.ts';
import { ENTRY_BYTES } from '../packs/pack-directory.ts';
import { SEAL_BYTES, type Sealer } from '../seal/seal.ts';
import { getListed, getSmall } from '../store/get-listed.ts';
import type { ObjectStatus, ObjectStore, PutOptions } from '../store/object-store.ts';
import { release } from '../store/release.ts';
import { BATCH_RECORDS, ChunkTable } from './chunk-table.ts';
import { INDEX_ENTRIES, type IndexedPack, MAX_INDEX_BYTES, parseIndex } from './index-object.ts';
import { LoadedIndex } from './loaded-index.ts';
import { PackIdSet } from './pack-id-set.ts';
import { RecordPartitions } from './record-partitions.ts';
import { type ChunkPlace, RECORD_BYTES } from './table-page.ts';
import type { CreateTableStorage } from './table-storage.ts';
import { writeRecords } from './write-records.ts';

/** What the index needs of its repository. */
export type ChunkIndexOptions = {
  readonly store: ObjectStore;
  readonly sealer: Sealer;
  readonly createTable: CreateTableStorage;
  readonly log: LogSink;
  readonly newId: () => string;
};

/** The packs of an index object, one after another. Disposing gives its memory back: their entries are gone then. */
export interface OpenIndexObject extends Disposable {
  readonly packs: Iterable<IndexedPack>;
}

/** What index objects begin with: `index`; `young` for those of packs that their writers may delete yet. */
export type IndexPrefix = typeof PREFIXES.index | typeof PREFIXES.young;

const NO_PACKS = new PackIdSet([]);
/** How often a listing is repeated when objects of it went away meanwhile. */
const MOST_LISTINGS = 5;
const SMALL_BYTES = (INDEX_ENTRIES / 2) * ENTRY_BYTES;

/** Which packs hold which chunks: the index objects of the store, in a table of this process. */
export class ChunkIndex implements AsyncDisposable {
  readonly #options: ChunkIndexOptions;
  readonly #turn = limitConcurrency(1);
  /** The index objects of the table, and their sizes. */
  readonly #loaded = new Map<string, number>();
  readonly #damaged = new Map<string, SendenseError>();
  /** Index objects that were stored here and that no listing has shown yet. */
  readonly #published = new Set<string>();
  #current: LoadedIndex | undefined;

  constructor(options: ChunkIndexOptions) {
    this.#options = options;
  }

  /** Index objects that could not be read when they were loaded. */
  get damaged(): ReadonlyMap<string, SendenseError> {
    return this.#damaged;
  }

  /** The keys of the index objects that are loaded, but for young ones. */
  get objects(): readonly string[] {
    return [...this.#loaded.keys()].filter((key) => !isYoungKey(key));
  }

  /** The keys of the young index objects that are loaded. */
  get youngObjects(): readonly string[] {
    return [...this.#loaded.keys()].filter(isYoungKey);
  }

  /** The packs that young index objects name, by what is loaded. */
  get young(): PackIdSet {
    return this.#current?.young ?? NO_PACKS;
  }

  /** Those of some loaded index objects that hold less than half of what a writer puts into one. */
  small(keys: readonly string[]): readonly string[] {
    return keys.filter((key) => (this.#loaded.get(key) ?? 0) < SMALL_BYTES);
  }

  /** Loads what others have added, and starts anew when index objects were replaced. Damaged ones are passed over. */
  async refresh(call?: Call): Promise<ChunkTable> {
    return (await this.#refresh(call)).table;
  }

  /** The table, loaded on first use. */
  async table(call?: Call): Promise<ChunkTable> {
    return (await this.loaded(call)).table;
  }

  /** What is loaded, the first time now. */
  async loaded(call?: Call): Promise<LoadedIndex> {
    return this.#current ?? this.#refresh(call);
  }

  #refresh(call?: Call): Promise<LoadedIndex> {
    return this.#turn(async () => {
      for (let listing = 1; ; listing += 1) {
        try {
          return await this.#load(call);
        } catch (error) {
          // an index object that was listed was replaced before it could be read: its successor is there
          if (!SendenseError.is(error, 'NOT_FOUND') || listing >= MOST_LISTINGS) throw error;
        }
      }
    }, call?.signal);
  }

  /** Where a chunk lies, by what is loaded. */
  async find(
    id: Uint8Array,
    accept?: (place: ChunkPlace) => boolean,
    call?: Call,
  ): Promise<ChunkPlace | undefined> {
    return (await this.table(call)).find(id, accept);
  }

  /** The key of an index object that is to be stored. */
  newKey(prefix: IndexPrefix = PREFIXES.index): string {
    return `${prefix}${this.#options.newId()}`;
  }

  /** Stores an index object of the content that `serializeIndex` gave, at a key that `newKey` gave. */
  async publish(key: string, content: Uint8Array, options?: PutOptions, call?: Call): Promise<ObjectStatus> {
    const { store, sealer } = this.#options;
    const status = await store.put(key, sealer.seal('index', key, content), options, call);
    this.#published.add(key);
    return status;
  }

  /** A stored index object. Rejects with `CORRUPT`, or as the store does. */
  async open(key: string, call?: Call): Promise<OpenIndexObject> {
    const content = await this.#open(key, this.#loaded.get(key), call);
    return { packs: parseIndex(content, key), [Symbol.dispose]: () => release(content) };
  }

  /** The packs of a stored index object, one after another; see {@link ChunkIndex.open}. */
  async *read(key: string, call?: Call): AsyncGenerator<IndexedPack> {
    yield* (await this.open(key, call)).packs;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#turn(async () => {
      await this.#current?.table[Symbol.asyncDispose]();
      this.#current = undefined;
    });
  }

  async #open(key: string, sizeBytes: number | undefined, call?: Call): Promise<Uint8Array> {
    const { store, sealer } = this.#options;
    const most = MAX_INDEX_BYTES + SEAL_BYTES;
    const getting =
      sizeBytes === undefined
        ? getSmall(store, key, most, call)
        : getListed(store, { key, sizeBytes }, most, call);
    const bytes = await getting.catch((error: unknown) => {
      throw SendenseError.is(error, 'NOT_FOUND') ? goneIndex(key, error) : error;
    });
    const content = sealer.open('index', key, bytes);
    release(bytes);
    return content;
  }

  async #load(call?: Call): Promise<LoadedIndex> {
    const listed = new Map<string, number>();
    // Young ones first: the pack that leaves them meanwhile is in an index object before.
    for (const prefix of [PREFIXES.young, PREFIXES.index])
      for await (const { key, sizeBytes } of this.#options.store.list(prefix, undefined, call))
        listed.set(key, sizeBytes);
    await this.#addUnlisted(listed, call);
    if (this.#current === undefined || [...this.#loaded.keys()].some((key) => !listed.has(key))) {
      const old = this.#current;
      this.#current = new LoadedIndex(await ChunkTable.open(this.#options.createTable));
      this.#loaded.clear();
      await old?.table[Symbol.asyncDispose]();
    }
    this.#damaged.clear();
    for (const key of this.#loaded.keys()) listed.delete(key);
    await this.#loadObjects(this.#current, listed, call);
    return this.#current;
  }

  /**
   * Adds what was stored here and is there, although the listing lacks it: a prune that has put packs into another index object would take
   * them for those that nobody names.
   */
  async #addUnlisted(listed: Map<string, number>, call?: Call): Promise<void> {
    for (const key of this.#published) {
      if (listed.has(key)) {
        this.#published.delete(key);
        continue;
      }
      const status = await this.#options.store.head(key, call);
      if (status === undefined) this.#published.delete(key);
      else listed.set(key, status.sizeBytes);
    }
  }

  /** Adds the records of index objects to the table: divided first, where they are more than are sorted at once. */
  async #loadObjects(loaded: LoadedIndex, objects: ReadonlyMap<string, number>, call?: Call): Promise<void> {
    const records = mostRecords(objects);
    if (records === 0) return;
    await using parts = await RecordPartitions.open(this.#options.createTable, records, BATCH_RECORDS);
    const read: [string, number][] = [];
    const young: string[] = [];
    const most = Math.max(...[...objects.values()].map(mostRecordsOf));
    const buffer = Buffer.allocUnsafeSlow(most * RECORD_BYTES);
    for (const [key, sizeBytes] of objects) {
      const content = await this.#readContent(key, sizeBytes, call);
      if (content === undefined) continue;
      const bytes = writeRecords(content, buffer);
      if (bytes !== undefined && isYoungKey(key))
        for (const { id } of parseIndex(content, key)) young.push(id);
      release(content);
      if (bytes === undefined) this.#noteDamaged(key, damagedObject(key, 'is no index object'));
      else {
        await parts.add(buffer.subarray(0, bytes));
        read.push([key, sizeBytes]);
      }
    }
    release(buffer);
    loaded.addYoung(young);
    try {
      await loaded.table.reserve(records);
      for await (const part of parts.parts()) await loaded.table.add(part);
      for (const [key, sizeBytes] of read) this.#loaded.set(key, sizeBytes);
    } catch (error) {
      // what of it was added nobody knows: the next one begins anew
      await loaded.table[Symbol.asyncDispose]();
      this.#current = undefined;
      this.#loaded.clear();
      throw error;
    }
  }

  /** The content of an index object; `undefined` when it is damaged. */
  async #readContent(key: string, sizeBytes: number, call?: Call): Promise<Uint8Array | undefined> {
    try {
      return await this.#open(key, sizeBytes, call);
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      this.#noteDamaged(key, error);
      return undefined;
    }
  }

  #noteDamaged(key: string, error: SendenseError): void {
    this.#damaged.set(key, error);
    this.#options.log({
      level: 'warn',
      message: `the index object ${key} is damaged: rebuild the index`,
      fields: { object: key },
    });
  }
}

/** The error of an index object that was listed and is not there. */
function goneIndex(key: string, cause: SendenseError): SendenseError {
  const why = 'another process replaced it, or the store goes on listing what was deleted';
  return new SendenseError('NOT_FOUND', `the index object ${key} is gone: ${why}`, {
    operation: 'read-index',
    retry: 'later',
    remedy: 'run it again later; where it stays, run "sendense-ctl repository validate" on the store',
    context: { object: key },
    cause,
  });
}

function isYoungKey(key: string): boolean {
  return key.startsWith(PREFIXES.young);
}

/** No index object of so many bytes names more chunks. */
function mostRecordsOf(sizeBytes: number): number {
  return Math.ceil(Math.min(sizeBytes, MAX_INDEX_BYTES) / ENTRY_BYTES);
}

function mostRecords(objects: ReadonlyMap<string, number>): number {
  let records = 0;
  for (const sizeBytes of objects.values()) records += mostRecordsOf(sizeBytes);
  return records;
}
