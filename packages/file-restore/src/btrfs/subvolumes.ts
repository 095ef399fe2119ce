import type { Call } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import { decodeName } from '../paths/entry-name.ts';
import type { NameHash } from './checksum.ts';
import { readTime, TIME_BYTES } from './inode.ts';
import { ITEM, KEY_BYTES, LAST_PLAIN, rangeOf, readKey, TREE } from './key.ts';
import type { NodeStore } from './node-store.ts';
import type { TreeRoot } from './superblock.ts';
import { Tree } from './tree.ts';

// Layout: "On-disk Format" of the btrfs documentation, ROOT_ITEM and ROOT_REF.
const MOST_LEVEL = 7;
const AT = { generation: 160, folder: 168, logical: 176, level: 238, made: 339 } as const;
/** Before its times were kept, an item ended here. */
const LEAST_BYTES = 239;
const REFERENCE_BYTES = 18;
const DIR_ITEM_BYTES = 30;
/** Subvolumes whose place is kept. */
const MOST_KEPT = 1000;

/** A subvolume or snapshot, or the tree of something else. */
export type Subvolume = {
  readonly tree: Tree;
  /** Inode of its uppermost folder. */
  readonly folder: number;
  /** When it was made; 0 where that is not known. */
  readonly madeNs: bigint;
};

/** The trees of a file system, as its root tree names them. */
export class Subvolumes {
  readonly #store: NodeStore;
  readonly #rootTree: Tree;
  readonly #known = new Map<number, Subvolume>();

  constructor(store: NodeStore, rootTree: TreeRoot) {
    this.#store = store;
    this.#rootTree = new Tree(store, rootTree, TREE.root);
  }

  /** A tree by its number. Rejects with `CORRUPT` where there is none. */
  async open(id: number, call?: Call): Promise<Subvolume> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    // snapshots have the transaction that made them in their key
    const last = await this.#rootTree.lastUpTo(rangeOf(id, ITEM.rootItem).to, call);
    if (last?.key.objectId !== id || last.key.type !== ITEM.rootItem)
      throw damaged(`the btrfs file system has no tree ${id}`, { tree: id });
    const subvolume = this.#parse(id, last.data);
    if (this.#known.size >= MOST_KEPT) this.#known.clear();
    this.#known.set(id, subvolume);
    return subvolume;
  }

  #parse(id: number, data: Fields): Subvolume {
    const size = data.bytes.byteLength;
    if (size < LEAST_BYTES || data.u8(AT.level) > MOST_LEVEL)
      throw damaged(`tree ${id} of the btrfs file system contradicts itself`, { tree: id });
    const root: TreeRoot = {
      logical: data.u64(AT.logical),
      generation: data.u64(AT.generation),
      level: data.u8(AT.level),
    };
    const madeNs = size >= AT.made + TIME_BYTES ? readTime(data, AT.made) : 0n;
    return { tree: new Tree(this.#store, root, id), folder: data.u64(AT.folder), madeNs };
  }

  /** A number that no subvolume is above. */
  async newest(call?: Call): Promise<number> {
    const last = await this.#rootTree.lastUpTo({ objectId: LAST_PLAIN, type: 0, offset: 0 }, call);
    return Math.max(TREE.firstSubvolume, last?.key.objectId ?? 0);
  }

  /**
   * Whether subvolume `nested` is found in a folder by this name. A snapshot holds the names of the subvolumes that were nested in
   * what it was made of, and not them: there they are empty folders.
   */
  async isNested(
    { subvolume, folder, name }: { subvolume: number; folder: number; name: Uint8Array },
    nested: number,
    call?: Call,
  ): Promise<boolean> {
    const item = await this.#rootTree.find(
      { objectId: subvolume, type: ITEM.rootReference, offset: nested },
      call,
    );
    if (item === undefined) return false;
    const { data } = item;
    if (data.bytes.byteLength < REFERENCE_BYTES || data.u64(0) !== folder) return false;
    return Buffer.compare(data.slice(REFERENCE_BYTES, data.u16(16)), name) === 0;
  }

  /** The subvolume that a mount shows where it is not told which; the top level, where none was set. */
  async findDefault(rootFolder: number, hashName: NameHash, call?: Call): Promise<number> {
    const name = Buffer.from('default');
    const item = await this.#rootTree.find(
      { objectId: rootFolder, type: ITEM.dirItem, offset: hashName(name) },
      call,
    );
    if (item === undefined || item.data.bytes.byteLength < DIR_ITEM_BYTES) return TREE.top;
    const key = readKey(item.data.part(0, KEY_BYTES), 0);
    return key.type === ITEM.rootItem ? key.objectId : TREE.top;
  }

  /** The name that a subvolume has in its folder; `undefined` where it is in none. */
  async nameOf(id: number, call?: Call): Promise<string | undefined> {
    const { to } = rangeOf(id, ITEM.rootBackReference);
    const last = await this.#rootTree.lastUpTo(to, call);
    if (last?.key.objectId !== id || last.key.type !== ITEM.rootBackReference) return undefined;
    const { data } = last;
    return data.bytes.byteLength < REFERENCE_BYTES
      ? undefined
      : decodeName(data.slice(REFERENCE_BYTES, data.u16(16)));
  }
}
