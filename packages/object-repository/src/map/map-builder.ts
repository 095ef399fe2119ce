import { type Call, SendenseError } from '@sendense/core';
import type { DiskMap } from './disk-map.ts';
import { depthOf, FAN_OUT, isZeroId, MapNode, ZERO_ID } from './map-node.ts';

/** Stores the chunk of a node and gives its id. */
export type StoreNode = (chunk: Uint8Array, call?: Call) => Promise<Uint8Array>;

type OpenNode = { readonly index: number; readonly node: MapNode };

/**
 * Builds the map of a disk from ascending changes over its base. One node of each level is in memory, so nothing can be done
 * twice: after one failure it only fails, and a repeated `finish` gives what the first one gave.
 */
export class MapBuilder {
  readonly #depth: number;
  readonly #chunks: number;
  readonly #base: DiskMap | undefined;
  readonly #store: StoreNode;
  readonly #open: (OpenNode | undefined)[] = [];
  #isBegun = false;
  #failure: { readonly error: unknown } | undefined;
  #root: Promise<Uint8Array> | undefined;

  constructor(chunks: number, base: DiskMap | undefined, store: StoreNode) {
    this.#depth = depthOf(chunks);
    this.#chunks = chunks;
    this.#base = base;
    this.#store = store;
  }

  /** Sets the id of a chunk. */
  set(chunk: number, id: Uint8Array, call?: Call): Promise<void> {
    return this.#change(async () => {
      await this.#begin(call);
      await this.#put(0, chunk, id, call);
    });
  }

  /** Makes the chunks from `first` up to `end` zeros; whole nodes at once. */
  async setZeros(first: number, end: number, call?: Call): Promise<void> {
    if (this.#base === undefined) return; // nothing was there before
    await this.#change(() => this.#zeroNodes(first, end, call));
  }

  /** Stores the map as it is now, with nodes that are not full, and gives the id of its root; the building goes on. */
  snapshot(call?: Call): Promise<Uint8Array> {
    return this.#guard(async () => {
      await this.#begin(call);
      let children: readonly { readonly index: number; readonly id: Uint8Array }[] = [];
      for (let level = 0; level < this.#depth; level += 1) {
        const nodes = new Map<number, MapNode>();
        const open = this.#open[level];
        if (open !== undefined) nodes.set(open.index, MapNode.copy(open.node));
        for (const { index, id } of children) {
          const parent = Math.floor(index / FAN_OUT);
          const node = nodes.get(parent) ?? (await this.#baseNode(level, parent, call));
          node.set(index % FAN_OUT, id);
          nodes.set(parent, node);
        }
        children = await this.#storeNodes(level, nodes, call);
      }
      return children[0]?.id ?? this.#base?.root ?? ZERO_ID;
    });
  }

  /** Stores what is left, and gives the id of the root; nothing can be set any more. */
  finish(call?: Call): Promise<Uint8Array> {
    this.#root ??= this.#guard(() => this.#storeRest(call));
    return this.#root;
  }

  async #change(work: () => Promise<void>): Promise<void> {
    if (this.#root !== undefined)
      throw new SendenseError('NOT_OPEN', 'the map of the disk is finished', { operation: 'write-map' });
    await this.#guard(work);
  }

  /** A node whose change failed may be stored without it, so a later root would be of a disk that never was. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      return await work();
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  async #zeroNodes(first: number, end: number, call?: Call): Promise<void> {
    await this.#begin(call);
    for (let at = first; at < end; ) {
      let level = 0;
      while (level + 1 < this.#depth && this.#spans(at, end, FAN_OUT ** (level + 1))) level += 1;
      for (let below = 0; below < level; below += 1) await this.#close(below, call);
      await this.#put(level, at / FAN_OUT ** level, ZERO_ID, call);
      at += FAN_OUT ** level;
    }
  }

  async #storeRest(call?: Call): Promise<Uint8Array> {
    await this.#begin(call);
    for (let level = 0; level < this.#depth; level += 1) {
      const root = await this.#close(level, call);
      if (level === this.#depth - 1 && root !== undefined) return root;
    }
    return this.#base?.root ?? ZERO_ID;
  }

  /** Where this disk has more levels than its base, the base's root is the first of their nodes. */
  async #begin(call?: Call): Promise<void> {
    if (this.#isBegun) return;
    this.#isBegun = true;
    const base = this.#base;
    if (base === undefined || base.depth === this.#depth || isZeroId(base.root)) return;
    await this.#put(base.depth, 0, base.root, call);
  }

  #spans(at: number, end: number, chunks: number): boolean {
    return at % chunks === 0 && (at + chunks <= end || end >= this.#chunks);
  }

  async #put(level: number, child: number, id: Uint8Array, call?: Call): Promise<void> {
    const index = Math.floor(child / FAN_OUT);
    if (this.#open[level]?.index !== index) {
      for (let below = 0; below <= level; below += 1) await this.#close(below, call);
      this.#open[level] = { index, node: await this.#baseNode(level, index, call) };
    }
    this.#open[level]?.node.set(child % FAN_OUT, id);
  }

  /** Stores the open node of a level and tells its parent; gives its id, `undefined` when none was open. */
  async #close(level: number, call?: Call): Promise<Uint8Array | undefined> {
    const open = this.#open[level];
    if (open === undefined) return undefined;
    const chunk = open.node.serialize(level);
    const id = chunk === undefined ? ZERO_ID : await this.#store(chunk, call);
    this.#open[level] = undefined;
    if (level < this.#depth - 1) await this.#put(level + 1, open.index, id, call);
    return id;
  }

  async #storeNodes(level: number, nodes: ReadonlyMap<number, MapNode>, call?: Call) {
    const stored: { readonly index: number; readonly id: Uint8Array }[] = [];
    for (const [index, node] of nodes) {
      const chunk = node.serialize(level);
      stored.push({ index, id: chunk === undefined ? ZERO_ID : await this.#store(chunk, call) });
    }
    return stored;
  }

  /** A copy of the base's node. */
  async #baseNode(level: number, index: number, call?: Call): Promise<MapNode> {
    const base = this.#base;
    const node = base === undefined || level >= base.depth ? undefined : await base.node(level, index, call);
    return node === undefined ? MapNode.empty() : MapNode.copy(node);
  }
}
