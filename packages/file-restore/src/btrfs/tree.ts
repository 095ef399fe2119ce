import { setImmediate } from 'node:timers/promises';
import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import { compareKeys, type Key, type KeyRange } from './key.ts';
import { childAt, type Item, indexOf, itemAt, type Node, type Pointer } from './node.ts';
import type { NodeStore } from './node-store.ts';

/** Leaves after which others get their turn. */
const LEAVES_PER_TURN = 16;

/** Keys that may lie below a pointer: from `least`, which lies there itself, up to the one before `end`. */
type Bounds = { readonly least: Key | undefined; readonly end: Key | undefined };

/** A walk along the leaves. */
type Walk = KeyRange & {
  /** Told of what is damaged, and left out; absent: it ends the walk. */
  readonly onDamage: ((error: SendenseError) => void) | undefined;
  readonly call: Call | undefined;
  leaves: number;
};

/**
 * One tree of btrfs. Each block lies a level below the one that names it and holds the keys that this says, so that trees which name
 * their own blocks again end, with `CORRUPT`.
 */
export class Tree {
  readonly #store: NodeStore;
  readonly #root: Pointer;
  readonly #owner: number;

  constructor(store: NodeStore, root: Pointer, owner: number) {
    this.#store = store;
    this.#root = root;
    this.#owner = owner;
  }

  /** Reads its first block. Rejects with `CORRUPT` where that is damaged: nothing of the tree can be read. */
  async checkRoot(call?: Call): Promise<void> {
    await this.#read(this.#root, { least: undefined, end: undefined }, call);
  }

  /** The item with exactly this key. */
  async find(key: Key, call?: Call): Promise<Item | undefined> {
    const last = await this.lastUpTo(key, call);
    return last !== undefined && compareKeys(last.key, key) === 0 ? last : undefined;
  }

  /** The last item whose key is not behind `key`. */
  async lastUpTo(key: Key, call?: Call): Promise<Item | undefined> {
    let pointer = this.#root;
    let bounds: Bounds = { least: undefined, end: undefined };
    for (;;) {
      const node = await this.#read(pointer, bounds, call);
      const index = lastIndex(node.keys, key);
      if (index < 0) return undefined;
      if (node.level === 0) return itemAt(node, index);
      bounds = { least: node.keys[index], end: node.keys[index + 1] ?? bounds.end };
      pointer = childAt(node, index);
    }
  }

  /** All items of a range, ascending, as many as lie together at once. What is damaged ends it, or is told and left out. */
  itemsIn(
    range: KeyRange,
    call?: Call,
    onDamage?: (error: SendenseError) => void,
  ): AsyncGenerator<readonly Item[], void, undefined> {
    return this.#walk(
      this.#root,
      { least: undefined, end: undefined },
      { ...range, call, onDamage, leaves: 0 },
    );
  }

  async *#walk(
    pointer: Pointer,
    bounds: Bounds,
    walk: Walk,
  ): AsyncGenerator<readonly Item[], void, undefined> {
    const node = await this.#readFor(pointer, bounds, walk);
    if (node === undefined) return;
    if (node.level === 0) {
      throwIfAborted(walk.call?.signal, 'read-file-system');
      // leaves that are in memory wait for nobody: others, and whoever cancels, get their turn
      if (++walk.leaves % LEAVES_PER_TURN === 0) await setImmediate();
      yield itemsOf(node, walk);
      return;
    }
    for (const [index, least] of node.keys.entries()) {
      const end = node.keys[index + 1] ?? bounds.end;
      if (end !== undefined && compareKeys(end, walk.from) <= 0) continue;
      if (compareKeys(least, walk.to) > 0) return;
      yield* this.#walk(childAt(node, index), { least, end }, walk);
    }
  }

  async #readFor(pointer: Pointer, bounds: Bounds, { call, onDamage }: Walk): Promise<Node | undefined> {
    try {
      return await this.#read(pointer, bounds, call);
    } catch (error) {
      if (onDamage === undefined || !SendenseError.is(error, 'CORRUPT')) throw error;
      onDamage(error);
      return undefined;
    }
  }

  async #read(pointer: Pointer, { least, end }: Bounds, call: Call | undefined): Promise<Node> {
    const node = await this.#store.read(pointer, this.#owner, call);
    const [first, last] = [node.keys[0], node.keys.at(-1)];
    // only the root may be empty, and only where it is a leaf
    const isEmpty = first === undefined || last === undefined;
    const isInside = isEmpty
      ? least === undefined && node.level === 0
      : (least === undefined || compareKeys(first, least) === 0) &&
        (end === undefined || compareKeys(last, end) < 0);
    if (!isInside)
      throw damaged(
        `the block of metadata of btrfs at ${pointer.logical} does not hold what its parent says`,
        {
          logical: pointer.logical,
        },
      );
    return node;
  }
}

function lastIndex(keys: readonly Key[], key: Key): number {
  const index = indexOf(keys, key);
  const at = keys[index];
  return at !== undefined && compareKeys(at, key) === 0 ? index : index - 1;
}

function itemsOf(node: Node, { from, to }: KeyRange): readonly Item[] {
  const items: Item[] = [];
  for (let index = indexOf(node.keys, from); index < node.keys.length; index += 1) {
    const item = itemAt(node, index);
    if (item === undefined || compareKeys(item.key, to) > 0) break;
    items.push(item);
  }
  return items;
}
