import { type Call, type LogSink, SendenseError } from '@sendense/core';
import { limitConcurrency } from '@sendense/plugin-kit';
import { PREFIXES } from '../layout/object-keys.ts';
import { PACK_HEADER_BYTES } from '../packs/pack-layout.ts';
import type { Sealer } from '../seal/seal.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { BATCH_RECORDS, ChunkTable } from './chunk-table.ts';
import { type IndexedPack, parseIndex } from './index-object.ts';
import { type ChunkPlace, RECORD_BYTES, serializeRecord } from './table-page.ts';
import type { CreateTableStorage } from './table-storage.ts';

/** What the index needs of its repository. */
export type ChunkIndexOptions = {
  readonly store: ObjectStore;
  readonly sealer: Sealer;
  readonly createTable: CreateTableStorage;
  readonly log: LogSink;
  readonly newId: () => string;
};

/** How often a listing is repeated when objects of it went away meanwhile. */
const MOST_LISTINGS = 5;

/** Which packs hold which chunks: the index objects of the store, in a table of this process. */
export class ChunkIndex implements AsyncDisposable {
  readonly #options: ChunkIndexOptions;
  readonly #turn = limitConcurrency(1);
  readonly #loaded = new Set<string>();
  readonly #damaged = new Map<string, SendenseError>();
  #table: ChunkTable | undefined;

  constructor(options: ChunkIndexOptions) {
    this.#options = options;
  }

  /** Index objects that could not be read when they were loaded. */
  get damaged(): ReadonlyMap<string, SendenseError> {
    return this.#damaged;
  }

  /** The keys of the index objects that are loaded. */
  get objects(): ReadonlySet<string> {
    return this.#loaded;
  }

  /** Loads what others have added, and starts anew when index objects were replaced. Damaged ones are passed over. */
  refresh(call?: Call): Promise<ChunkTable> {
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

  /** The table, loaded on first use. */
  async table(call?: Call): Promise<ChunkTable> {
    return this.#table ?? this.refresh(call);
  }

  /** Where a chunk lies, by what is loaded. */
  async find(
    id: Uint8Array,
    accept?: (place: ChunkPlace) => boolean,
    call?: Call,
  ): Promise<ChunkPlace | undefined> {
    return (await this.table(call)).find(id, accept);
  }

  /** Stores an index object of the content that `serializeIndex` gave, and tells its key. */
  async publish(content: Uint8Array, call?: Call): Promise<string> {
    const { store, sealer, newId } = this.#options;
    const key = `${PREFIXES.index}${newId()}`;
    await store.put(key, sealer.seal('index', key, content), undefined, call);
    return key;
  }

  /** The packs of a stored index object, one after another. Rejects with `CORRUPT`, or as the store does. */
  async *read(key: string, call?: Call): AsyncGenerator<IndexedPack> {
    const { store, sealer } = this.#options;
    yield* parseIndex(sealer.open('index', key, await store.get(key, undefined, call)), key);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#turn(async () => {
      await this.#table?.[Symbol.asyncDispose]();
      this.#table = undefined;
    });
  }

  async #load(call?: Call): Promise<ChunkTable> {
    const listed = new Set<string>();
    for await (const { key } of this.#options.store.list(PREFIXES.index, undefined, call)) listed.add(key);
    if (this.#table === undefined || [...this.#loaded].some((key) => !listed.has(key))) {
      const old = this.#table;
      this.#table = await ChunkTable.open(this.#options.createTable);
      this.#loaded.clear();
      await old?.[Symbol.asyncDispose]();
    }
    this.#damaged.clear();
    await this.#loadObjects(
      this.#table,
      [...listed].filter((key) => !this.#loaded.has(key)),
      call,
    );
    return this.#table;
  }

  /** Adds the records of index objects to the table, as many at once as it sorts. */
  async #loadObjects(table: ChunkTable, keys: readonly string[], call?: Call): Promise<void> {
    let [records, read]: [Buffer[], string[]] = [[], []];
    let bytes = 0;
    const flush = async () => {
      await table.add(Buffer.concat(records));
      for (const key of read) this.#loaded.add(key);
      [records, read, bytes] = [[], [], 0];
    };
    for (const key of keys) {
      const content = await this.#readRecords(key, call);
      if (content === undefined) continue;
      records.push(content);
      read.push(key);
      bytes += content.byteLength;
      if (bytes >= BATCH_RECORDS * RECORD_BYTES) await flush();
    }
    await flush();
  }

  async #readRecords(key: string, call?: Call): Promise<Buffer | undefined> {
    const records: Buffer[] = [];
    try {
      for await (const pack of this.read(key, call)) records.push(...recordsOf(pack));
      return Buffer.concat(records);
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      this.#damaged.set(key, error);
      const fields = { object: key };
      this.#options.log({
        level: 'warn',
        message: `the index object ${key} is damaged: rebuild the index`,
        fields,
      });
      return undefined;
    }
  }
}

/** The records of a pack's chunks. */
export function* recordsOf({ id, entries }: IndexedPack): Generator<Buffer> {
  let offset = PACK_HEADER_BYTES;
  for (const entry of entries) {
    yield serializeRecord(entry.id, { pack: id, offset, length: entry.length });
    offset += entry.length;
  }
}
