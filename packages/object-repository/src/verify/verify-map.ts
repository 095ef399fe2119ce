import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { ChunkTable } from '../index/chunk-table.ts';
import type { DamageNotes } from '../maintain/damaged-packs.ts';
import { PlaceMarks } from '../maintain/place-marks.ts';
import { depthOf, FAN_OUT, isZeroId, MapNode } from '../map/map-node.ts';
import type { PointRecord } from '../records/point-record.ts';
import type { GoneCopies } from './gone-copies.ts';

/** Chunks that are read at once. */
const AT_ONCE = 32;

type Copies = Awaited<ReturnType<ChunkTable['copiesOf']>>;
type Hurt = { readonly first: number; chunks: number; readonly why: string };

/** By what maps are walked. */
export type MapRequest = {
  readonly table: ChunkTable;
  /** Packs that are gone. */
  readonly lost: ReadonlySet<string>;
  /** Tells copies that are gone rightly. */
  readonly gone: GoneCopies;
  /** Learns the packs with a copy of a chunk that cannot be read. */
  readonly notes: DamageNotes;
  /** The part of the chunks that is read, 0 to 1. */
  readonly sample: number;
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

  constructor(context: RepositoryContext, request: MapRequest, call?: Call) {
    this.#context = context;
    this.#request = request;
    this.#call = call;
    this.#whole = new PlaceMarks(request.table.places);
  }

  /** What is wrong with a point: for each disk and artifact one finding that tells what of it is lost. */
  async *verify({ id, disks, artifacts }: PointRecord): AsyncGenerator<Finding> {
    for (const { id: disk, root, sizeBytes } of disks) {
      const lost = await this.#walkRoot(root, sizeBytes);
      if (lost !== undefined)
        yield {
          severity: 'error',
          code: 'disk-damaged',
          message: `disk ${disk} of point ${id}: ${this.#tell(lost)}`,
          disk,
          point: id,
        };
    }
    for (const { name, root, sizeBytes } of artifacts) {
      const lost = await this.#walkRoot(root, sizeBytes);
      if (lost !== undefined)
        yield {
          severity: 'error',
          code: 'artifact-damaged',
          message: `${name} of point ${id}: ${this.#tell(lost)}`,
          point: id,
        };
    }
  }

  #tell({ first, chunks, why }: Hurt): string {
    const { chunkBytes } = this.#context.configuration;
    return `${chunks} chunks of ${chunkBytes} bytes cannot be read, the first at ${first * chunkBytes}: ${why}`;
  }

  async #walkRoot(root: string | null, sizeBytes: number): Promise<Hurt | undefined> {
    if (root === null) return undefined;
    const chunks = Math.ceil(sizeBytes / this.#context.configuration.chunkBytes);
    const hurt: Hurt[] = [];
    await this.#walk(Buffer.from(root, 'hex'), depthOf(chunks) - 1, 0, hurt);
    const [first] = hurt;
    return first && { ...first, chunks: hurt.reduce((sum, each) => sum + each.chunks, 0) };
  }

  /** Walks a node; `first` is the first chunk that it covers. */
  async #walk(id: Uint8Array, level: number, first: number, hurt: Hurt[]): Promise<void> {
    throwIfAborted(this.#call?.signal, 'verify-points');
    const covered = FAN_OUT ** level;
    const copies = await this.#copies(id);
    if (copies.length > 0 && copies.every(({ place }) => this.#whole.has(place))) return;
    const before = hurt.length;
    try {
      if (copies.length > 1) await this.#readCopies(id, copies);
      const node = MapNode.parse(await this.#context.chunks.load(id), level, Buffer.from(id).toString('hex'));
      const slots = Array.from({ length: FAN_OUT }, (_, slot) => slot).filter(
        (slot) => !isZeroId(node.at(slot)),
      );
      if (level === 0) await this.#readChunks(node, slots, first, hurt);
      else for (const slot of slots) await this.#walk(node.at(slot), level - 1, first + slot * covered, hurt);
    } catch (error) {
      hurt.push({ first, chunks: covered * FAN_OUT, why: this.#whyOf(error, copies) });
    }
    // A readable node says nothing of what is below it: it is whole when all that was walked is.
    if (hurt.length === before) this.#markWhole(copies);
  }

  async #readChunks(node: MapNode, slots: readonly number[], first: number, hurt: Hurt[]): Promise<void> {
    for (let at = 0; at < slots.length; at += AT_ONCE) {
      const single: { readonly slot: number; readonly copies: Copies }[] = [];
      for (const slot of slots.slice(at, at + AT_ONCE)) {
        const copies = await this.#copies(node.at(slot));
        if (copies.length === 0)
          hurt.push({ first: first + slot, chunks: 1, why: 'a chunk of it is in no pack that is left' });
        else if (copies.every(({ place }) => this.#whole.has(place)) || !this.#isSampled()) continue;
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
        if (outcome?.status === 'rejected')
          hurt.push({ first: first + slot, chunks: 1, why: this.#whyOf(outcome.reason, copies) });
        else this.#markWhole(copies);
      }
    }
  }

  /** Reads each copy of a chunk, because any may be the one that is left one day. Gives those that are whole. */
  async #readCopies(id: Uint8Array, copies: Copies): Promise<Copies> {
    const readable: Copies[number][] = [];
    for (const copy of copies) {
      const { place, at } = copy;
      if (this.#whole.has(place) || (await this.#context.chunks.isWhole(id, at))) readable.push(copy);
      else if (!(await this.#request.gone.has(id, at))) this.#noteHurt(at.pack);
    }
    return readable;
  }

  #markWhole(copies: Copies): void {
    for (const { place } of copies) this.#whole.add(place);
  }

  #isSampled(): boolean {
    const { sample } = this.#request;
    if (sample >= 1) return true;
    return sample > 0 && Buffer.from(this.#context.random.bytes(4)).readUInt32LE() / 2 ** 32 < sample;
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

  #noteHurt(pack: string): void {
    this.hurtPacks.add(pack);
    this.#request.notes.add(pack);
  }
}
