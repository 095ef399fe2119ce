import { type Call, type ChunkBatch, type PointId, SendenseError } from '@sendense/core';
import { limitConcurrency } from '@sendense/plugin-kit';
import type { RepositoryContext } from '../context.ts';
import { ChunkTable } from '../index/chunk-table.ts';
import { parseIndex } from '../index/index-object.ts';
import type { LoadedIndex } from '../index/loaded-index.ts';
import type { PackIdSet } from '../index/pack-id-set.ts';
import { PackTable } from '../index/pack-table.ts';
import { serializeRecord } from '../index/table-page.ts';
import { putDamagedPacks } from '../maintain/damaged-packs.ts';
import { CHUNK_KINDS, type ChunkKind, ID_BYTES } from '../packs/pack-directory.ts';
import { isBeyondGrace } from '../read/late-manifest.ts';
import type { PutOptions } from '../store/object-store.ts';
import type { Deadline } from './deadline.ts';
import { IndexSpool } from './index-spool.ts';
import { disownIfLate } from './late-object.ts';
import { PackWriter } from './pack-writer.ts';

/** What a disk or an artifact added to the repository. */
export type Meter = { storedBytes: number };

/** Names and zero flags of chunks; 32 bytes and one byte each. */
export type StoredChunks = Pick<ChunkBatch, 'ids' | 'zero'>;

/** What a point may rely on, until when, and how its objects are locked. */
export type SinkOptions = {
  /** Packs of plans, and those found damaged: what only they hold is stored anew. */
  readonly condemned: readonly PackIdSet[];
  readonly deadline: Deadline;
  readonly lock: PutOptions;
};

/** Batches that are encoded at once. */
const BATCHES = 4;

/** Takes the chunks of one point and stores those that the repository does not have. After one failure it only fails. */
export class ChunkSink implements AsyncDisposable {
  readonly #context: RepositoryContext;
  readonly #own: ChunkTable;
  readonly #spool: IndexSpool;
  readonly #packs: PackWriter;
  readonly #deadline: Deadline;
  readonly #lock: PutOptions;
  /** Packs that the point does not rely on. */
  readonly condemned: readonly PackIdSet[];
  /** Packs of others that hold chunks of the point. */
  readonly relied: PackTable;
  readonly #turn = limitConcurrency(1);
  readonly #publishing = limitConcurrency(1);
  readonly #claimed = new Set<string>();
  readonly #encoding = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;
  #isOpen = true;

  private constructor(
    context: RepositoryContext,
    { condemned, deadline, lock }: SinkOptions,
    own: ChunkTable,
    relied: PackTable,
  ) {
    this.#deadline = deadline;
    this.#lock = lock;
    this.relied = relied;
    this.#context = context;
    this.condemned = condemned;
    this.#own = own;
    this.#spool = new IndexSpool(context.createTable);
    this.#packs = new PackWriter(context, { deadline, lock }, (pack) =>
      this.#turn(() => this.#spool.add(pack)),
    );
  }

  /** A sink without chunks. */
  static async open(context: RepositoryContext, options: SinkOptions): Promise<ChunkSink> {
    const relied = await PackTable.open(context.createTable);
    try {
      return new ChunkSink(context, options, await ChunkTable.open(context.createTable), relied);
    } catch (error) {
      await relied[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Takes the chunks of `bytes`, which may be reused once it has resolved; they are durable after `flush`. */
  async put(bytes: Uint8Array, kind: ChunkKind, meter: Meter, call?: Call): Promise<StoredChunks> {
    this.#check();
    const batch = await this.#context.codec.name(bytes, call);
    const { ids } = batch;
    const zero = kind === CHUNK_KINDS.disk ? batch.zero : new Uint8Array(batch.zero.byteLength);
    const wanted = await this.#turn(() => this.#claim({ ids, zero }));
    if (wanted.length === 0) await batch[Symbol.asyncDispose]();
    else await this.#start(batch, wanted, kind, meter);
    return { ids, zero };
  }

  /** Whether the repository has every one of these chunks (32 bytes each) in a pack that stays; the point relies on them then. */
  async holds(ids: Buffer): Promise<boolean> {
    const index = await this.#context.index.loaded();
    let isWhole = true;
    await index.table.visitCopies(ids, (_, copies) => {
      const place = copies.find(({ pack }) => this.#stays(index, pack));
      if (place === undefined) isWhole = false;
      else this.relied.add(place.pack);
    });
    await this.relied.settle();
    return isWhole;
  }

  /** Resolves when everything that was taken is durable. */
  async flush(): Promise<void> {
    await Promise.all(this.#encoding);
    this.#check();
    await this.#packs.flush();
  }

  /** Publishes the index objects of the packs; everything is flushed. From the first one on the packs stay. `EXPIRED` when it is late. */
  async publish(point: PointId, call?: Call): Promise<void> {
    await this.#publishing(async () => {
      this.#check();
      for await (const content of this.#spool.take()) {
        this.#deadline.check(point);
        this.#packs.publish();
        await this.#publishOne(point, content, call);
      }
    });
  }

  /** A prune may have deleted packs that an index object names which came too late: others are told not to rely on them. */
  async #publishOne(point: PointId, content: Uint8Array, call?: Call): Promise<void> {
    const { index, configuration } = this.#context;
    const key = index.newKey();
    const packs = () => [...parseIndex(content, 'index')].map(({ id }) => id);
    try {
      await this.#deadline.send(
        point,
        (options, bounded) => index.publish(key, content, { ...this.#lock, ...options }, bounded),
        call,
        () => putDamagedPacks(this.#context, packs()),
      );
    } catch (error) {
      const { begunAt } = this.#deadline;
      const { graceMs } = configuration;
      const isLate = (at: Date) => isBeyondGrace(graceMs, begunAt, at);
      const object = { key, packs: packs(), isLate, effectMs: graceMs / 4 };
      await disownIfLate(this.#context, error, object);
      throw error;
    }
  }

  /** Gives up what was not published: its packs are left to prune, because nobody knows here how late it is by the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#failure ??= {
      error: new SendenseError('NOT_OPEN', 'the point was given up', { operation: 'write-chunks' }),
    };
    await Promise.all(this.#encoding);
    await this.#packs.abandon();
    await this.#spool[Symbol.asyncDispose]();
    await this.#own[Symbol.asyncDispose]();
    await this.relied[Symbol.asyncDispose]();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Which chunks nobody has stored or is about to store. */
  async #claim({ ids, zero }: StoredChunks): Promise<readonly number[]> {
    const wanted: number[] = [];
    for (const [index, isZero] of zero.entries()) {
      const id = ids.subarray(index * ID_BYTES, (index + 1) * ID_BYTES);
      const name = nameOf(id);
      if (isZero === 1 || this.#claimed.has(name) || (await this.#isStored(id))) continue;
      this.#claimed.add(name);
      wanted.push(index);
    }
    return wanted;
  }

  async #isStored(id: Uint8Array): Promise<boolean> {
    if ((await this.#own.find(id)) !== undefined) return true;
    const index = await this.#context.index.loaded();
    const place = await index.table.find(id, ({ pack }) => this.#stays(index, pack));
    if (place === undefined) return false;
    this.relied.add(place.pack);
    await this.relied.settle();
    return true;
  }

  /** Whether a pack that was found is one to rely on: none that its writer may delete yet, or that a plan or damage record names. */
  #stays({ young }: LoadedIndex, pack: string): boolean {
    return !young.has(pack) && !this.condemned.some((packs) => packs.has(pack));
  }

  async #start(batch: ChunkBatch, wanted: readonly number[], kind: ChunkKind, meter: Meter): Promise<void> {
    while (this.#encoding.size >= BATCHES) await Promise.race(this.#encoding);
    await this.#packs.room();
    const work = this.#store(batch, wanted, kind, meter)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#encoding.delete(work));
    this.#encoding.add(work);
  }

  async #store(batch: ChunkBatch, wanted: readonly number[], kind: ChunkKind, meter: Meter): Promise<void> {
    const { ids } = batch;
    const frames = await this.#context.codec.encode(batch, wanted);
    this.#check();
    const { bytes, lengths } = frames;
    const records: Buffer[] = [];
    let at = 0;
    for (const [index, chunk] of wanted.entries()) {
      const length = lengths[index] ?? 0;
      const id = Uint8Array.from(ids.subarray(chunk * ID_BYTES, (chunk + 1) * ID_BYTES));
      const place = this.#packs.add({ id, length, kind }, bytes.subarray(at, at + length));
      records.push(serializeRecord(id, place));
      meter.storedBytes += length;
      at += length;
    }
    frames[Symbol.dispose]?.();
    await this.#own.add(Buffer.concat(records));
    for (const chunk of wanted)
      this.#claimed.delete(nameOf(ids.subarray(chunk * ID_BYTES, (chunk + 1) * ID_BYTES)));
  }
}

function nameOf(id: Uint8Array): string {
  return Buffer.from(id).toString('latin1');
}
