import { type Call, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { ChunkTable } from '../index/chunk-table.ts';
import type { PackIdSet } from '../index/pack-id-set.ts';
import { damagedObject } from '../keys/proven-json.ts';
import { depthOf, FAN_OUT, isZeroId, MapNode } from '../map/map-node.ts';
import type { StoredPoint } from '../read/point-catalog.ts';

/** What of the index is needed: one bit for each place in the table. */
export interface LiveChunks {
  /** Whether points need the copy of the chunk that lies in this pack. */
  isLive(id: Uint8Array, pack: string): Promise<boolean>;
}

/**
 * Marks what the points need. Of several copies of a chunk one counts, of a pack that no plan names if there is one. Rejects
 * with `CORRUPT` when a map cannot be read to its end: nothing may be deleted then.
 */
export async function markLive(
  context: RepositoryContext,
  table: ChunkTable,
  points: readonly StoredPoint[],
  condemned: readonly PackIdSet[],
  call?: Call,
): Promise<LiveChunks> {
  const marks = new Uint8Array(Math.ceil(table.places / 8));
  const marker = new Marker(context, table, marks, condemned, call);
  for (const { record } of points) {
    const { chunkBytes } = context.configuration;
    for (const { root, sizeBytes } of [...record.disks, ...record.artifacts])
      if (root !== null) await marker.markMap(Buffer.from(root, 'hex'), Math.ceil(sizeBytes / chunkBytes));
  }
  return {
    async isLive(id, pack) {
      for (const { place, at } of await table.copiesOf(id))
        if (at.pack === pack && isMarked(marks, place)) return true;
      return false;
    },
  };
}

class Marker {
  readonly #context: RepositoryContext;
  readonly #table: ChunkTable;
  readonly #marks: Uint8Array;
  readonly #condemned: readonly PackIdSet[];
  readonly #call: Call | undefined;

  constructor(
    context: RepositoryContext,
    table: ChunkTable,
    marks: Uint8Array,
    condemned: readonly PackIdSet[],
    call: Call | undefined,
  ) {
    this.#context = context;
    this.#table = table;
    this.#marks = marks;
    this.#condemned = condemned;
    this.#call = call;
  }

  async markMap(root: Uint8Array, chunks: number): Promise<void> {
    await this.#markNode(root, depthOf(chunks) - 1);
  }

  /** A node that is marked was walked: equal nodes have equal trees below. */
  async #markNode(id: Uint8Array, level: number): Promise<void> {
    throwIfAborted(this.#call?.signal, 'prune-points');
    if (!(await this.#mark(id))) return;
    const node = MapNode.parse(await this.#context.chunks.load(id, this.#call), level, nameOf(id));
    for (let slot = 0; slot < FAN_OUT; slot += 1) {
      const child = node.at(slot);
      if (isZeroId(child)) continue;
      if (level > 0) await this.#markNode(child, level - 1);
      else await this.#mark(child);
    }
  }

  /** Whether it was not marked before. */
  async #mark(id: Uint8Array): Promise<boolean> {
    const copies = await this.#table.copiesOf(id);
    const isCondemned = (pack: string) => this.#condemned.some((packs) => packs.has(pack));
    const chosen = copies.find(({ at }) => !isCondemned(at.pack)) ?? copies[0];
    if (chosen === undefined)
      throw damagedObject(nameOf(id), 'is needed by a point, and no index object names it');
    if (isMarked(this.#marks, chosen.place)) return false;
    this.#marks[chosen.place >> 3] = (this.#marks[chosen.place >> 3] ?? 0) | (1 << (chosen.place & 7));
    return true;
  }
}

function isMarked(marks: Uint8Array, place: number): boolean {
  return ((marks[place >> 3] ?? 0) & (1 << (place & 7))) !== 0;
}

function nameOf(id: Uint8Array): string {
  return `chunk ${Buffer.from(id).toString('hex')}`;
}
