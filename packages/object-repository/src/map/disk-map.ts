import type { Call } from '@sendense/core';
import { depthOf, FAN_OUT, isZeroId, MapNode, ZERO_ID } from './map-node.ts';

/** Gives the bytes of a chunk, checked against its id. */
export type LoadChunk = (id: Uint8Array, call?: Call) => Promise<Uint8Array>;

/** Nodes of a level that are kept. */
const KEPT_NODES = 4;

/** Reads the map of a disk; a few nodes of each level are in memory. */
export class DiskMap {
  readonly root: Uint8Array;
  readonly depth: number;
  readonly chunks: number;
  readonly #load: LoadChunk;
  readonly #kept: Map<number, Promise<MapNode>>[] = [];

  /** `root` is the id of the root, zeros for a disk of zeros. */
  constructor(root: Uint8Array, chunks: number, load: LoadChunk) {
    this.root = root;
    this.chunks = chunks;
    this.depth = depthOf(chunks);
    this.#load = load;
  }

  /** The id of a chunk. */
  async idAt(chunk: number, call?: Call): Promise<Uint8Array> {
    return this.childAt(0, chunk, call);
  }

  /** The id of the `index`-th child of all nodes of `level`: of a chunk for level 0, else of a node of the level below. */
  async childAt(level: number, index: number, call?: Call): Promise<Uint8Array> {
    const node = await this.node(level, Math.floor(index / FAN_OUT), call);
    return node === undefined ? ZERO_ID : node.at(index % FAN_OUT);
  }

  /** The `index`-th node of `level`; `undefined` when it covers zeros alone. */
  async node(level: number, index: number, call?: Call): Promise<MapNode | undefined> {
    const id = await this.nodeId(level, index, call);
    if (isZeroId(id)) return undefined;
    return this.#keep(level, index, async () => {
      const chunk = await this.#load(id, call);
      return MapNode.parse(chunk, level, Buffer.from(id).toString('hex'));
    });
  }

  /** The id of the `index`-th node of `level`. Above the root there is one node for each level: the root's only parent. */
  async nodeId(level: number, index: number, call?: Call): Promise<Uint8Array> {
    if (level === this.depth - 1) return index === 0 ? this.root : ZERO_ID;
    return this.childAt(level + 1, index, call);
  }

  async #keep(level: number, index: number, read: () => Promise<MapNode>): Promise<MapNode> {
    const kept = this.#kept[level] ?? new Map<number, Promise<MapNode>>();
    this.#kept[level] = kept;
    const known = kept.get(index);
    if (known !== undefined) return known;
    const reading = read();
    kept.set(index, reading);
    reading.catch(() => kept.delete(index));
    const [oldest] = kept.keys();
    if (kept.size > KEPT_NODES && oldest !== undefined) kept.delete(oldest);
    return reading;
  }
}
