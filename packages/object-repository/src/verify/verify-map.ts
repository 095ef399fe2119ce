import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { ChunkTable } from '../index/chunk-table.ts';
import { depthOf, FAN_OUT, isZeroId, MapNode } from '../map/map-node.ts';
import type { PointRecord } from '../records/point-record.ts';

/** Chunks that are read at once. */
const AT_ONCE = 32;

type Hurt = { readonly first: number; chunks: number; readonly why: string };

/** Walks the maps of points; what was found whole once is not walked again. */
export class MapVerifier {
  readonly #context: RepositoryContext;
  readonly #table: ChunkTable;
  readonly #lost: ReadonlySet<string>;
  readonly #sample: number;
  readonly #call: Call | undefined;
  /** One bit for each place of the table: a node with all below it, or a chunk, that is whole. */
  readonly #whole: Uint8Array;

  /** `lost` are packs that are gone; `sample` is the part of the chunks that is read, 0 to 1. */
  constructor(
    context: RepositoryContext,
    table: ChunkTable,
    lost: ReadonlySet<string>,
    sample: number,
    call?: Call,
  ) {
    this.#context = context;
    this.#table = table;
    this.#lost = lost;
    this.#sample = sample;
    this.#call = call;
    this.#whole = new Uint8Array(Math.ceil(table.places / 8));
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
    const place = await this.#place(id);
    if (place !== undefined && this.#isWhole(place)) return;
    const before = hurt.length;
    try {
      const node = MapNode.parse(await this.#context.chunks.load(id), level, Buffer.from(id).toString('hex'));
      const slots = Array.from({ length: FAN_OUT }, (_, slot) => slot).filter(
        (slot) => !isZeroId(node.at(slot)),
      );
      if (level === 0) await this.#readChunks(node, slots, first, hurt);
      else for (const slot of slots) await this.#walk(node.at(slot), level - 1, first + slot * covered, hurt);
    } catch (error) {
      hurt.push({ first, chunks: covered * FAN_OUT, why: whyOf(error) });
    }
    if (place !== undefined && hurt.length === before) this.#note(place);
  }

  async #readChunks(node: MapNode, slots: readonly number[], first: number, hurt: Hurt[]): Promise<void> {
    for (let at = 0; at < slots.length; at += AT_ONCE) {
      const unknown: { readonly slot: number; readonly place: number; readonly isRead: boolean }[] = [];
      for (const slot of slots.slice(at, at + AT_ONCE)) {
        const place = await this.#place(node.at(slot));
        if (place === undefined)
          hurt.push({ first: first + slot, chunks: 1, why: 'a chunk of it is in no pack that is left' });
        else if (!this.#isWhole(place)) unknown.push({ slot, place, isRead: this.#isSampled() });
      }
      const read = unknown.filter(({ isRead }) => isRead);
      const outcomes = await Promise.allSettled(
        this.#context.chunks.loadAll(read.map(({ slot }) => node.at(slot))),
      );
      for (const [index, { slot, place }] of read.entries()) {
        const outcome = outcomes[index];
        if (outcome?.status === 'rejected')
          hurt.push({ first: first + slot, chunks: 1, why: whyOf(outcome.reason) });
        else this.#note(place);
      }
    }
  }

  #isSampled(): boolean {
    if (this.#sample >= 1) return true;
    return (
      this.#sample > 0 && Buffer.from(this.#context.random.bytes(4)).readUInt32LE() / 2 ** 32 < this.#sample
    );
  }

  async #place(id: Uint8Array): Promise<number | undefined> {
    return (await this.#table.copiesOf(id)).find(({ at }) => !this.#lost.has(at.pack))?.place;
  }

  #isWhole(place: number): boolean {
    return ((this.#whole[place >> 3] ?? 0) & (1 << (place & 7))) !== 0;
  }

  #note(place: number): void {
    this.#whole[place >> 3] = (this.#whole[place >> 3] ?? 0) | (1 << (place & 7));
  }
}

/** Damage as a sentence; anything else is no damage, and ends the verification. */
function whyOf(error: unknown): string {
  if (SendenseError.is(error, 'CORRUPT')) return error.message;
  throw error;
}
