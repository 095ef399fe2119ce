import { type Call, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { ChunkTable } from '../index/chunk-table.ts';
import type { FoundCopies } from '../index/found-copies.ts';
import type { PackIdSet } from '../index/pack-id-set.ts';
import { RecordPartitions } from '../index/record-partitions.ts';
import { damagedObject } from '../keys/proven-json.ts';
import { depthOf, FAN_OUT, MapNode, ZERO_ID } from '../map/map-node.ts';
import { ID_BYTES } from '../packs/pack-directory.ts';
import type { ChunkSource } from '../read/chunk-source.ts';
import type { Configuration } from '../records/configuration.ts';
import type { RecordDisk } from '../records/point-record.ts';
import { PlaceMarks } from './place-marks.ts';

/** 4 MiB of ids. */
const BATCH = 128 * 1024;
/** Nodes read at once, and no more of each level are in memory: neighbours of a pack are one request. */
const NODES_AT_ONCE = 32;

/** What marking needs of a repository. */
export type MarkContext = Pick<RepositoryContext, 'createTable'> & {
  readonly configuration: Pick<Configuration, 'chunkBytes'>;
  readonly chunks: Pick<ChunkSource, 'useAll'>;
};

type MarkedMap = Pick<RecordDisk, 'root' | 'sizeBytes'>;
/** What marking looks at of a stored point. */
type MarkedPoint = { readonly record: Readonly<Record<'disks' | 'artifacts', readonly MarkedMap[]>> };

/** What marking asks for and works with. */
export type MarkRequest = {
  readonly points: readonly MarkedPoint[];
  /** Packs of whose copies another one is taken where there is one. */
  readonly avoided: readonly PackIdSet[];
  /** Packs that may still be deleted: a copy in one of them makes no other copy needless. */
  readonly unsure?: PackIdSet;
  /** Renews the lock when it is due; marking can take longer than it holds. */
  readonly check: () => Promise<void>;
  /** What an abort says was going on; `prune-points` when not given. */
  readonly operation?: string;
  /** Chunks of disks that are looked up at once; 4 MiB of ids when not given. */
  readonly batch?: number;
};

/**
 * Marks in the table of the context what the points need. Of several copies of a chunk one counts. Rejects with `CORRUPT` when
 * a map cannot be read to its end: nothing may be deleted then.
 */
export async function markLive(
  context: MarkContext,
  table: ChunkTable,
  request: MarkRequest,
  call?: Call,
): Promise<PlaceMarks> {
  const { createTable, configuration } = context;
  const { batch = BATCH } = request;
  // more than the chunks of the table are looked up several times
  const most = Math.max(FAN_OUT, Math.min(chunksOf(context, request), Math.max(batch, table.count)));
  await using waiting = await RecordPartitions.open(createTable, most, batch, ID_BYTES);
  const marker = new Marker(context, table, request, { ids: waiting, most }, call);
  for (const { record } of request.points)
    for (const { root, sizeBytes } of [...record.disks, ...record.artifacts])
      if (root !== null)
        await marker.markMap(Buffer.from(root, 'hex'), Math.ceil(sizeBytes / configuration.chunkBytes));
  await marker.flush();
  return marker.marks;
}

/** Ids of chunks of disks that are marked later, and how many may wait. */
type Waiting = { readonly ids: RecordPartitions; readonly most: number };

class Marker {
  readonly marks: PlaceMarks;
  readonly #context: MarkContext;
  readonly #table: ChunkTable;
  readonly #request: MarkRequest;
  readonly #call: Call | undefined;
  readonly #waiting: Waiting;
  /** The ids of a node of chunks, one after another. */
  readonly #ids = newIds();
  #count = 0;

  constructor(
    context: MarkContext,
    table: ChunkTable,
    request: MarkRequest,
    waiting: Waiting,
    call: Call | undefined,
  ) {
    this.#context = context;
    this.#table = table;
    this.#request = request;
    this.#waiting = waiting;
    this.#call = call;
    this.marks = new PlaceMarks(table.places);
  }

  async markMap(root: Buffer, chunks: number): Promise<void> {
    await this.#markNodes(root, depthOf(chunks) - 1);
  }

  /** Marks the chunks that wait. */
  async flush(): Promise<void> {
    this.#count = 0;
    for await (const ids of this.#waiting.ids.parts()) {
      await this.#check();
      await this.#table.visitCopies(ids, (index, copies) => {
        this.#mark(ids, index, copies);
      });
    }
  }

  /** Marks nodes of a level and what is below them. One that is marked was walked: equal nodes have equal trees below. */
  async #markNodes(ids: Buffer, level: number): Promise<void> {
    const unmarked: number[] = [];
    await this.#table.visitCopies(ids, (index, copies) => {
      if (this.#mark(ids, index, copies)) unmarked.push(index);
    });
    unmarked.sort((a, b) => a - b);
    for (let first = 0; first < unmarked.length; first += NODES_AT_ONCE) {
      await this.#check();
      const some = unmarked.slice(first, first + NODES_AT_ONCE).map((index) => idAt(ids, index));
      const nodes = await Promise.all(this.#context.chunks.useAll(some, (node) => Uint8Array.from(node)));
      for (const [index, node] of nodes.entries()) {
        const into = level > 0 ? newIds() : this.#ids;
        const below = MapNode.idsInto(into, node, level, nameOf(some[index]));
        if (level > 0) await this.#markNodes(below, level - 1);
        else await this.#later(below);
      }
    }
  }

  /** Renews the lock; throws when the call's signal has fired. */
  async #check(): Promise<void> {
    throwIfAborted(this.#call?.signal, this.#request.operation ?? 'prune-points');
    await this.#request.check();
  }

  async #later(ids: Buffer): Promise<void> {
    if (this.#count + ids.byteLength / ID_BYTES > this.#waiting.most) await this.flush();
    this.#count += ids.byteLength / ID_BYTES;
    await this.#waiting.ids.add(ids);
  }

  /** Whether the chunk of an id was not marked before. */
  #mark(ids: Buffer, index: number, copies: FoundCopies): boolean {
    if (copies.count > 0) return this.marks.add(copies.place(this.#choose(copies)));
    throw damagedObject(nameOf(idAt(ids, index)), 'is needed by a point, and no index object names it');
  }

  /** The first copy of which no pack is avoided, else the first. */
  #choose(copies: FoundCopies): number {
    for (let copy = 0; copies.count > 1 && copy < copies.count; copy += 1)
      if (!this.#request.avoided.some((packs) => copies.isIn(copy, packs))) return copy;
    return 0;
  }
}

/** Chunks of all the points, those that they share counted for each. */
function chunksOf({ configuration }: MarkContext, { points }: MarkRequest): number {
  const maps = points.flatMap(({ record }) => [...record.disks, ...record.artifacts]);
  return maps.reduce((sum, { sizeBytes }) => sum + Math.ceil(sizeBytes / configuration.chunkBytes), 0);
}

/** Room for the ids of a node. */
function newIds(): Buffer {
  return Buffer.allocUnsafeSlow(FAN_OUT * ID_BYTES);
}

function idAt(ids: Buffer, index: number): Buffer {
  return ids.subarray(index * ID_BYTES, (index + 1) * ID_BYTES);
}

function nameOf(id: Uint8Array = ZERO_ID): string {
  return `chunk ${Buffer.from(id).toString('hex')}`;
}
