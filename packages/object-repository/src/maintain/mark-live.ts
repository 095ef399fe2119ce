import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { ChunkTable, TableCopy } from '../index/chunk-table.ts';
import type { PackIdSet } from '../index/pack-id-set.ts';
import { placeOf } from '../index/table-page.ts';
import { damagedObject } from '../keys/proven-json.ts';
import { depthOf, FAN_OUT, isZeroId, MapNode } from '../map/map-node.ts';
import { ID_BYTES } from '../packs/pack-directory.ts';
import type { StoredPoint } from '../read/point-catalog.ts';
import { PlaceMarks } from './place-marks.ts';

/** Chunks of disks that are looked up at once, 16 MiB of ids: each time is a pass over the table where that is small. */
const BATCH = 512 * 1024;

/** What marking asks for and works with. */
export type MarkRequest = {
  readonly points: readonly StoredPoint[];
  /** Packs of whose copies another one is taken where there is one. */
  readonly avoided: readonly PackIdSet[];
  /** Packs that may still be deleted: a copy in one of them makes no other copy needless. */
  readonly unsure?: PackIdSet;
  /** Renews the lock when it is due; marking can take longer than it holds. */
  readonly check: () => Promise<void>;
  /** Learns of a chunk that is needed and cannot be found or read, and marking goes on. Without it marking fails: `CORRUPT`. */
  readonly missing?: (error: SendenseError) => void;
};

/**
 * Marks in the table of the context what the points need. Of several copies of a chunk one counts. Rejects with `CORRUPT` when
 * a map cannot be read to its end: nothing may be deleted then.
 */
export async function markLive(
  context: RepositoryContext,
  table: ChunkTable,
  request: MarkRequest,
  call?: Call,
): Promise<PlaceMarks> {
  const marker = new Marker(context, table, request, call);
  for (const { record } of request.points) {
    const { chunkBytes } = context.configuration;
    for (const { root, sizeBytes } of [...record.disks, ...record.artifacts])
      if (root !== null) await marker.markMap(Buffer.from(root, 'hex'), Math.ceil(sizeBytes / chunkBytes));
  }
  await marker.flush();
  return marker.marks;
}

class Marker {
  readonly marks: PlaceMarks;
  readonly #context: RepositoryContext;
  readonly #table: ChunkTable;
  readonly #request: MarkRequest;
  readonly #call: Call | undefined;
  /** Ids that wait; no larger than all the points together could fill. */
  readonly #waiting: Buffer;
  #count = 0;

  constructor(context: RepositoryContext, table: ChunkTable, request: MarkRequest, call: Call | undefined) {
    this.#context = context;
    this.#table = table;
    this.#request = request;
    this.#call = call;
    this.marks = new PlaceMarks(table.places);
    this.#waiting = Buffer.allocUnsafeSlow(Math.min(BATCH, chunksOf(context, request)) * ID_BYTES);
  }

  async markMap(root: Uint8Array, chunks: number): Promise<void> {
    await this.#markNode(root, depthOf(chunks) - 1);
  }

  /** Marks the chunks that wait. */
  async flush(): Promise<void> {
    const ids = this.#waiting.subarray(0, this.#count * ID_BYTES);
    this.#count = 0;
    await this.#table.visitCopies(ids, (index, copies) => {
      this.#mark(ids.subarray(index * ID_BYTES, (index + 1) * ID_BYTES), copies);
    });
  }

  /** A node that is marked was walked: equal nodes have equal trees below. */
  async #markNode(id: Uint8Array, level: number): Promise<void> {
    throwIfAborted(this.#call?.signal, 'prune-points');
    await this.#request.check();
    let isNew = false;
    await this.#table.visitCopies(Buffer.from(id), (_, copies) => {
      isNew = this.#mark(id, copies);
    });
    if (!isNew) return;
    const node = await this.#readNode(id, level);
    if (node === undefined) return;
    for (let slot = 0; slot < FAN_OUT; slot += 1) {
      const child = node.at(slot);
      if (isZeroId(child)) continue;
      if (level > 0) await this.#markNode(child, level - 1);
      else await this.#later(child);
    }
  }

  async #readNode(id: Uint8Array, level: number): Promise<MapNode | undefined> {
    try {
      return MapNode.parse(await this.#context.chunks.load(id, this.#call), level, nameOf(id));
    } catch (error) {
      if (this.#request.missing === undefined || !SendenseError.is(error, 'CORRUPT')) throw error;
      this.#request.missing(error);
      return undefined;
    }
  }

  async #later(id: Uint8Array): Promise<void> {
    this.#waiting.set(id, this.#count * ID_BYTES);
    this.#count += 1;
    if (this.#count * ID_BYTES === this.#waiting.byteLength) await this.flush();
  }

  /** Whether it was not marked before. */
  #mark(id: Uint8Array, copies: readonly TableCopy[]): boolean {
    const chosen =
      copies.length > 1 ? (copies.find((copy) => !this.#isAvoided(copy)) ?? copies[0]) : copies[0];
    if (chosen === undefined) {
      const error = damagedObject(nameOf(id), 'is needed by a point, and no index object names it');
      if (this.#request.missing === undefined) throw error;
      this.#request.missing(error);
      return false;
    }
    return this.marks.add(chosen.place);
  }

  #isAvoided({ record }: TableCopy): boolean {
    const { pack } = placeOf(record);
    return this.#request.avoided.some((packs) => packs.has(pack));
  }
}

/** Chunks of all the points, those that they share counted for each. */
function chunksOf({ configuration }: RepositoryContext, { points }: MarkRequest): number {
  const maps = points.flatMap(({ record }) => [...record.disks, ...record.artifacts]);
  return maps.reduce((sum, { sizeBytes }) => sum + Math.ceil(sizeBytes / configuration.chunkBytes), 0);
}

function nameOf(id: Uint8Array): string {
  return `chunk ${Buffer.from(id).toString('hex')}`;
}
