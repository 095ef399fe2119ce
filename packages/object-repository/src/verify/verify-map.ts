import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { ChunkTable } from '../index/chunk-table.ts';
import type { DamageNotes } from '../maintain/damaged-packs.ts';
import { PlaceMarks } from '../maintain/place-marks.ts';
import { depthOf, FAN_OUT, isZeroId, MapNode } from '../map/map-node.ts';
import type { PointRecord, RecordArtifact, RecordDisk } from '../records/point-record.ts';
import type { DoubtedPacks } from './doubted-packs.ts';
import type { GoneCopies } from './gone-copies.ts';
import type { MapPlace } from './map-place.ts';
import type { BegunPoint } from './verify-cursor.ts';

/** Chunks that are read at once. */
const AT_ONCE = 32;
/** What is told of a chunk of which no copy is left. */
const IN_NO_PACK = 'a chunk of it is in no pack that is left';

/** How far a point was walked. */
type Begun = Omit<BegunPoint, 'point'>;
type Copies = Awaited<ReturnType<ChunkTable['copiesOf']>>;
type Hurt = { readonly first: number; chunks: number; readonly why: string };

/** A walk through the map of a disk or artifact. */
type Walk = {
  readonly root: number;
  /** Chunks before this one are taken for what an earlier verification found them to be, unless their copies are gone. */
  readonly from: number;
  /** Whether damage of the point was told: what is before `from` is not told again. */
  readonly isTold: boolean;
  /** Whether chunks before `from` are read again that lie in packs which were not in doubt then. */
  readonly isDoubted: boolean;
  readonly hurt: Hurt[];
  /** Chunks before `from` that are not taken for whole. */
  doubts: number;
  /** The first chunk that was not looked at, because the time was over. */
  stoppedAt?: number;
};

/** By what maps are walked. */
export type MapRequest = {
  readonly table: ChunkTable;
  /** Packs that are gone. */
  readonly lost: ReadonlySet<string>;
  /** Tells copies that are gone rightly. */
  readonly gone: GoneCopies;
  /** Learns the packs with a copy of a chunk that cannot be read. */
  readonly notes: DamageNotes;
  /** Whether a chunk is one of those that are read. */
  readonly isSampled: (id: Uint8Array) => boolean;
  readonly doubted: DoubtedPacks;
  /** Whether the time is over. */
  readonly isOver: () => boolean;
  /** Learns how far a point was walked, as long as there is nothing to tell of the map before that. */
  readonly onPlace: (place: MapPlace) => void;
  /** Learns how many stored bytes were read, all in all. */
  readonly onBytes: (bytes: number) => void;
};

/** Walks the maps of points; what was found whole once is not walked again. */
export class MapVerifier {
  readonly #context: RepositoryContext;
  readonly #request: MapRequest;
  readonly #call: Call | undefined;
  /** The places of a node with all below it, or of a chunk, that is whole. */
  readonly #whole: PlaceMarks;
  /** The packs with a copy of a chunk that cannot be read. */
  readonly hurtPacks = new Set<string>();
  #readBytes = 0;
  /** However short the time is, something is looked at. */
  #isAdvanced = false;

  constructor(context: RepositoryContext, request: MapRequest, call?: Call) {
    this.#context = context;
    this.#request = request;
    this.#call = call;
    this.#whole = new PlaceMarks(request.table.places);
  }

  /** Whether it is time to stop. */
  get isOver(): boolean {
    return this.#isAdvanced && this.#request.isOver();
  }

  /**
   * What is wrong with a point from a place on: for each disk and artifact one finding that tells what of it is lost. Gives where it
   * stopped because the time was over.
   */
  async *verify(record: PointRecord, from: Begun): AsyncGenerator<Finding, MapPlace | undefined> {
    const stoppedAt = yield* this.#walkMaps(record, from);
    if (stoppedAt === undefined) this.#isAdvanced = true;
    return stoppedAt;
  }

  /**
   * Takes what is in a point for what an earlier verification found it to be, but for what lies in packs that are hurt. Tells what of it
   * is gone by now or can no longer be found, unless damage of the point was told.
   */
  async *pass(record: PointRecord, isTold: boolean): AsyncGenerator<Finding> {
    const { digest } = this.#request.doubted;
    yield* this.#walkMaps(record, { root: Number.POSITIVE_INFINITY, chunk: 0, hurt: isTold, doubts: digest });
  }

  async *#walkMaps(record: PointRecord, from: Begun): AsyncGenerator<Finding, MapPlace | undefined> {
    const { doubted } = this.#request;
    const isDoubted = !from.hurt && doubted.areKnown && from.doubts !== doubted.digest;
    for (const [root, map] of mapsOf(record).entries()) {
      const before = root < from.root ? Number.POSITIVE_INFINITY : root === from.root ? from.chunk : 0;
      const walk: Walk = { root, from: before, isTold: from.hurt, isDoubted, hurt: [], doubts: 0 };
      await this.#walkMap(map, walk);
      const [first] = walk.hurt;
      if (first !== undefined) {
        const chunks = walk.hurt.reduce((sum, each) => sum + each.chunks, 0);
        const message = `${map.name} of point ${record.id}: ${this.#tell({ ...first, chunks })}`;
        yield { severity: 'error', ...map.told, message, point: record.id };
      }
      if (walk.stoppedAt !== undefined) return { root, chunk: walk.stoppedAt };
    }
    return undefined;
  }

  #tell({ first, chunks, why }: Hurt): string {
    const { chunkBytes } = this.#context.configuration;
    return `${chunks} chunks of ${chunkBytes} bytes cannot be read, the first at ${first * chunkBytes}: ${why}`;
  }

  async #walkMap({ id, sizeBytes }: PointMap, walk: Walk): Promise<void> {
    if (id === null) return;
    const chunks = Math.ceil(sizeBytes / this.#context.configuration.chunkBytes);
    await this.#walk(Buffer.from(id, 'hex'), depthOf(chunks) - 1, 0, walk);
  }

  /** Walks a node; `first` is the first chunk that it covers. */
  async #walk(id: Uint8Array, level: number, first: number, walk: Walk): Promise<void> {
    throwIfAborted(this.#call?.signal, 'verify-points');
    const covered = FAN_OUT ** level;
    const copies = await this.#copies(id);
    if (this.#areWhole(copies)) return;
    const before = walk.hurt.length + walk.doubts;
    const isPassed = first + covered * FAN_OUT <= walk.from;
    try {
      if (copies.length > 1 && !isPassed) await this.#readCopies(id, copies);
      const node = MapNode.parse(await this.#context.chunks.load(id), level, Buffer.from(id).toString('hex'));
      if (copies.length === 1) this.#count(copies);
      const slots = Array.from({ length: FAN_OUT }, (_, slot) => slot).filter(
        (slot) => !isZeroId(node.at(slot)),
      );
      if (level === 0) await this.#walkChunks(node, slots, first, walk);
      else
        for (const slot of slots) {
          if (walk.stoppedAt === undefined)
            await this.#walk(node.at(slot), level - 1, first + slot * covered, walk);
        }
    } catch (error) {
      if (isPassed && walk.isTold) this.#noteAgain(error, copies, walk);
      else walk.hurt.push({ first, chunks: covered * FAN_OUT, why: this.#whyOf(error, copies) });
    }
    // A readable node says nothing of what is below it: it is whole when all that was walked is.
    if (walk.hurt.length + walk.doubts === before && walk.stoppedAt === undefined) this.#markWhole(copies);
  }

  async #walkChunks(node: MapNode, slots: readonly number[], first: number, walk: Walk): Promise<void> {
    const isPassed = (slot: number) => first + slot < walk.from;
    const again: number[] = [];
    for (const slot of slots.filter(isPassed))
      if (await this.#isReadAgain(node.at(slot), first + slot, walk)) again.push(slot);
    for (let at = 0; at < again.length; at += AT_ONCE)
      await this.#readChunks(node, again.slice(at, at + AT_ONCE), first, walk.hurt);
    const ahead = slots.filter((slot) => !isPassed(slot));
    for (let at = 0; at < ahead.length; at += AT_ONCE) {
      throwIfAborted(this.#call?.signal, 'verify-points');
      const batch = ahead.slice(at, at + AT_ONCE);
      if (this.isOver) {
        walk.stoppedAt = first + (batch[0] ?? 0);
        return;
      }
      await this.#readChunks(node, batch, first, walk.hurt);
      this.#isAdvanced = true;
      if (walk.hurt.length === 0)
        this.#request.onPlace({ root: walk.root, chunk: first + (batch.at(-1) ?? 0) + 1 });
    }
  }

  /** Passes a chunk that was read. Whether it is to be read again. */
  async #isReadAgain(id: Uint8Array, chunk: number, walk: Walk): Promise<boolean> {
    const copies = await this.#copies(id);
    const isGone = copies.length === 0;
    const isDoubted = copies.some(({ at }) => this.#request.doubted.has(at.pack));
    if (isDoubted && walk.isDoubted) return true;
    if (isGone && !walk.isTold) walk.hurt.push({ first: chunk, chunks: 1, why: IN_NO_PACK });
    else if (isGone || isDoubted) walk.doubts += 1;
    else this.#markWhole(copies);
    return false;
  }

  async #readChunks(node: MapNode, slots: readonly number[], first: number, hurt: Hurt[]): Promise<void> {
    const single: { readonly slot: number; readonly copies: Copies }[] = [];
    for (const slot of slots) {
      const copies = await this.#copies(node.at(slot));
      if (copies.length === 0) hurt.push({ first: first + slot, chunks: 1, why: IN_NO_PACK });
      else if (this.#areWhole(copies) || !this.#request.isSampled(node.at(slot))) continue;
      else if (copies.length === 1) single.push({ slot, copies });
      else {
        const readable = await this.#readCopies(node.at(slot), copies);
        this.#markWhole(readable);
        // a prune may have copied it meanwhile
        if (readable.length === 0) single.push({ slot, copies: [] });
      }
    }
    const outcomes = await Promise.allSettled(
      this.#context.chunks.useAll(
        single.map(({ slot }) => node.at(slot)),
        () => undefined,
      ),
    );
    for (const [index, { slot, copies }] of single.entries()) {
      const outcome = outcomes[index];
      if (!this.#areWhole(copies)) this.#count(copies); // the same chunk may stand twice in a batch
      if (outcome?.status === 'rejected')
        hurt.push({ first: first + slot, chunks: 1, why: this.#whyOf(outcome.reason, copies) });
      else this.#markWhole(copies);
    }
  }

  /** Reads each copy of a chunk, because any may be the one that is left one day. Gives those that are whole. */
  async #readCopies(id: Uint8Array, copies: Copies): Promise<Copies> {
    const readable: Copies[number][] = [];
    for (const copy of copies) {
      const { place, at } = copy;
      if (!this.#whole.has(place)) this.#count([copy]);
      if (this.#whole.has(place) || (await this.#context.chunks.isWhole(id, at))) readable.push(copy);
      else if (!(await this.#request.gone.has(id, at))) this.#noteHurt(at.pack);
    }
    return readable;
  }

  #markWhole(copies: Copies): void {
    for (const { place } of copies) this.#whole.add(place);
  }

  #areWhole(copies: Copies): boolean {
    return copies.length > 0 && copies.every(({ place }) => this.#whole.has(place));
  }

  #count(copies: Copies): void {
    this.#readBytes += copies.reduce((sum, { at }) => sum + at.length, 0);
    this.#request.onBytes(this.#readBytes);
  }

  async #copies(id: Uint8Array): Promise<Copies> {
    const { table, lost } = this.#request;
    return (await table.copiesOf(id)).filter(({ at }) => !lost.has(at.pack));
  }

  /** Damage as a sentence, the packs noted; anything else is no damage, and ends the verification. */
  #whyOf(error: unknown, copies: Copies): string {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    for (const { at } of copies) this.#noteHurt(at.pack);
    return error.message;
  }

  /** Damage that was told before is noted only. */
  #noteAgain(error: unknown, copies: Copies, walk: Walk): void {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    for (const { at } of copies) this.#request.notes.add(at.pack);
    walk.doubts += 1;
  }

  #noteHurt(pack: string): void {
    this.hurtPacks.add(pack);
    this.#request.notes.add(pack);
  }
}

/** The map of a disk or artifact, and what a finding of it tells. */
type PointMap = {
  readonly id: string | null;
  readonly sizeBytes: number;
  readonly name: string;
  readonly told: Pick<Finding, 'code' | 'disk'>;
};

function mapsOf({ disks, artifacts }: PointRecord): readonly PointMap[] {
  const ofDisk = ({ id, root, sizeBytes }: RecordDisk): PointMap => ({
    id: root,
    sizeBytes,
    name: `disk ${id}`,
    told: { code: 'disk-damaged', disk: id },
  });
  const ofArtifact = ({ name, root, sizeBytes }: RecordArtifact): PointMap => ({
    id: root,
    sizeBytes,
    name,
    told: { code: 'artifact-damaged' },
  });
  return [...disks.map(ofDisk), ...artifacts.map(ofArtifact)];
}
