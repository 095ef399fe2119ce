import { type Call, type Finding, throwIfAborted } from '@sendense/core';
import type { ChunkIndex } from '../index/chunk-index.ts';
import { type ChunkTable, SWEEP_RECORDS } from '../index/chunk-table.ts';
import type { FoundCopies } from '../index/found-copies.ts';
import type { IndexedPack } from '../index/index-object.ts';
import type { PackIdSet } from '../index/pack-id-set.ts';
import { PackTable } from '../index/pack-table.ts';
import { RecordPartitions } from '../index/record-partitions.ts';
import { type ChunkPlace, PACK_ID_BYTES, RECORD_BYTES } from '../index/table-page.ts';
import { packKey } from '../layout/object-keys.ts';
import { ID_BYTES, type PackEntry } from '../packs/pack-directory.ts';
import type { ChunkSource } from '../read/chunk-source.ts';
import { release } from '../store/release.ts';
import { type MarkContext, type MarkRequest, markLive } from './mark-live.ts';
import { PlaceMarks } from './place-marks.ts';

/** Packs looked up at once. */
const PACKS_AT_ONCE = 1024;
/** Chunks looked up at once. */
const BATCH = 65_536;
/** The id of a pack and the length of a frame in it. */
const FRAME_BYTES = PACK_ID_BYTES + 4;
/** Frames put in the order of their packs at once, 4 MiB. */
const PART = 209_715;
/** Copies read at once. */
const AT_ONCE = 16;

/** What it takes of a repository to find the packs that its points need. */
export type LiveContext = MarkContext & {
  readonly index: Pick<ChunkIndex, 'table'>;
  readonly chunks: Pick<ChunkSource, 'isWhole'>;
};

type KeptCopy = { readonly id: Uint8Array; readonly place: number; readonly at: ChunkPlace };

type KeptPacks = { readonly counts: ReadonlySet<string>; readonly standsIn: ReadonlySet<string> };

/** A frame of a pack that is the copy of its chunk which counts, and where it lies. */
export type CountingFrame = { readonly entry: PackEntry; readonly place: ChunkPlace };

/** Which packs the points need. */
export class LivePacks implements AsyncDisposable {
  /** Packs with a copy that counts and cannot be read: by their keys one finding each. */
  readonly damaged = new Map<string, Finding>();
  readonly #context: LiveContext;
  readonly #table: ChunkTable;
  readonly #marks: PlaceMarks;
  /** The packs with copies that count, and how many bytes of frames of each do. */
  readonly packs: PackTable;
  /** Places of marked copies that were read and are whole. */
  readonly #whole: PlaceMarks;
  readonly #unsure: PackIdSet | undefined;

  private constructor(
    context: LiveContext,
    table: ChunkTable,
    {
      marks,
      packs,
      unsure,
    }: Pick<MarkRequest, 'unsure'> & { readonly marks: PlaceMarks; readonly packs: PackTable },
  ) {
    this.#unsure = unsure;
    this.#context = context;
    this.#table = table;
    this.#marks = marks;
    this.packs = packs;
    this.#whole = new PlaceMarks(table.places);
  }

  /** Marks what the points need, by the index of the context, which stays as it is until this is disposed. */
  static async find(context: LiveContext, request: MarkRequest, call?: Call): Promise<LivePacks> {
    const table = await context.index.table(call);
    const marks = await markLive(context, table, request, call);
    const packs = await PackTable.open(context.createTable);
    try {
      await collectPacks(context, table, marks, packs);
      return new LivePacks(context, table, { ...request, marks, packs });
    } catch (error) {
      await packs[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Those of some packs that must stay: they hold a copy that counts, or they hold another copy of a chunk whose counting copy
   * cannot be read, or lies in a pack that may still be deleted. So the last whole copy of a chunk is never given up for a damaged one.
   * Gives the bytes of the frames of each that count.
   */
  async neededOf(packs: readonly IndexedPack[], call?: Call): Promise<ReadonlyMap<string, number>> {
    const needed = new Map<string, number>();
    for (let first = 0; first < packs.length; first += PACKS_AT_ONCE)
      await this.#addNeeded(packs.slice(first, first + PACKS_AT_ONCE), needed, call);
    return needed;
  }

  /** The frames of a pack that count, in the order in which they lie. */
  async countingFrames({ id: pack, entries }: IndexedPack): Promise<readonly CountingFrame[]> {
    const frames: CountingFrame[] = [];
    await this.#table.visitCopies(Buffer.concat(entries.map(({ id }) => id)), (index, copies) => {
      const copy = this.#countingCopy(copies);
      const entry = entries[index];
      if (copy === undefined || entry === undefined) return;
      const place = copies.at(copy);
      if (place.pack === pack) frames.push({ entry: { ...entry, id: Uint8Array.from(entry.id) }, place });
    });
    return frames.toSorted((a, b) => a.place.offset - b.place.offset);
  }

  /** Whether a pack holds the copy that is left of a chunk of which the one that counts, in another pack, is damaged or may be deleted yet. */
  async standsIn(pack: IndexedPack, call?: Call): Promise<boolean> {
    const { standsIn } = await this.#findKept([pack], call);
    return standsIn.has(pack.id);
  }

  /** Tells of a pack with a copy that counts and cannot be read. */
  noteDamaged(pack: string, what: string): void {
    const object = packKey(pack);
    const message = `a chunk in ${object} cannot be read; ${what}`;
    this.damaged.set(object, { severity: 'error', code: 'pack-damaged', message, object });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.packs[Symbol.asyncDispose]();
  }

  async #addNeeded(packs: readonly IndexedPack[], needed: Map<string, number>, call?: Call): Promise<void> {
    const live = await this.packs.getAll(packs.map(({ id }) => id));
    const unknown = packs.filter(({ id }, index) => {
      const bytes = live[index];
      if (bytes !== undefined) needed.set(id, bytes);
      return bytes === undefined;
    });
    let [waiting, ids]: [IndexedPack[], number] = [[], 0];
    for (const pack of unknown) {
      waiting.push(pack);
      ids += pack.entries.length;
      if (ids < BATCH) continue;
      await this.#addKept(waiting, needed, call);
      [waiting, ids] = [[], 0];
    }
    await this.#addKept(waiting, needed, call);
  }

  /** The table of packs knows those with a copy that counts; one that it had missed is found by its copies. */
  async #addKept(packs: readonly IndexedPack[], needed: Map<string, number>, call?: Call): Promise<void> {
    const { counts, standsIn } = await this.#findKept(packs, call);
    for (const pack of [...counts, ...standsIn]) needed.set(pack, 0);
  }

  /** Which of the copies of a chunk counts. */
  #countingCopy(copies: FoundCopies): number | undefined {
    for (let copy = 0; copy < copies.count; copy += 1) if (this.#marks.has(copies.place(copy))) return copy;
    return undefined;
  }

  /** Which packs hold a copy that counts, and which one that stands in for the copy that counts. */
  async #findKept(packs: readonly IndexedPack[], call?: Call): Promise<KeptPacks> {
    const [counts, standsIn] = [new Set<string>(), new Set<string>()];
    const owners = packs.flatMap(({ id, entries }) => entries.map(() => id));
    const ids = Buffer.concat(packs.flatMap(({ entries }) => entries.map(({ id }) => id)));
    const kept: (KeptCopy & { readonly owner: string })[] = [];
    await this.#table.visitCopies(ids, (index, copies) => {
      const copy = this.#countingCopy(copies);
      const owner = owners[index];
      if (copy === undefined || owner === undefined) return;
      const at = copies.at(copy);
      const place = copies.place(copy);
      if (at.pack === owner) counts.add(owner);
      else if (this.#unsure?.has(at.pack) === true) standsIn.add(owner);
      else if (!this.#whole.has(place))
        kept.push({
          owner,
          id: Uint8Array.from(ids.subarray(index * ID_BYTES, (index + 1) * ID_BYTES)),
          place,
          at,
        });
    });
    for (let first = 0; first < kept.length; first += AT_ONCE) {
      throwIfAborted(call?.signal, 'prune-points');
      await Promise.all(
        kept.slice(first, first + AT_ONCE).map(async (copy) => {
          if (!(await this.#isWhole(copy))) standsIn.add(copy.owner);
        }),
      );
    }
    return { counts, standsIn };
  }

  async #isWhole({ id, place, at }: KeptCopy): Promise<boolean> {
    if (this.#whole.has(place)) return true;
    if (await this.#context.chunks.isWhole(id, at)) {
      this.#whole.add(place);
      return true;
    }
    this.noteDamaged(at.pack, 'its other copy stays');
    return false;
  }
}

/**
 * Adds the packs of all marked copies with the bytes of their frames. These are put in order before: a table takes the packs of a part at
 * once, and each with all its frames.
 */
async function collectPacks(
  { createTable }: LiveContext,
  table: ChunkTable,
  marks: PlaceMarks,
  packs: PackTable,
): Promise<void> {
  await using parts = await RecordPartitions.open(createTable, table.count, PART, FRAME_BYTES);
  const some = Buffer.allocUnsafeSlow(SWEEP_RECORDS * FRAME_BYTES);
  let end = 0;
  await table.eachRecord(
    (record, at, place) => {
      if (!marks.has(place)) return;
      const pack = at + ID_BYTES;
      end += record.copy(some, end, pack, pack + PACK_ID_BYTES);
      end += record.copy(some, end, at + RECORD_BYTES - 4, at + RECORD_BYTES);
    },
    async () => {
      await parts.add(some.subarray(0, end));
      end = 0;
    },
  );
  release(some);
  let last = 0;
  for await (const part of parts.parts()) {
    const number = parts.partOf(part);
    if (number !== last) await packs.settle(); // not between pieces of a part, which may be of one pack
    last = number;
    for (let at = 0; at < part.byteLength; at += FRAME_BYTES)
      packs.addTo(part, at, part.readUInt32LE(at + PACK_ID_BYTES));
  }
}
