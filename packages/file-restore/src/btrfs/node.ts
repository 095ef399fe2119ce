import { Fields } from '../bytes/fields.ts';
import { uuidText } from '../bytes/uuid-text.ts';
import { compareKeys, KEY_BYTES, type Key, readKey } from './key.ts';

// Layout: "On-disk Format" of the btrfs documentation, Node and Leaf.
const HEADER_BYTES = 101;
const ITEM_BYTES = 25;
const POINTER_BYTES = 33;

/** An item of a leaf. */
export type Item = { readonly key: Key; readonly data: Fields };

/** Where a block of metadata lies, and what it is to be. */
export type Pointer = { readonly logical: number; readonly generation: number; readonly level: number };

/** A block of metadata: an inner node has pointers, each with the least key below it, and a leaf has items. Keys ascend. */
export type Node = {
  readonly level: number;
  readonly generation: number;
  /** The tree that it was made for. */
  readonly owner: number;
  readonly uuid: string;
  /** Where it says that it lies. */
  readonly logical: number;
  readonly keys: readonly Key[];
  readonly bytes: Fields;
};

/** The block in `bytes`, or what is wrong with it. */
export function parseNode(bytes: Uint8Array): Node | string {
  const fields = new Fields(bytes);
  const count = fields.u32(96);
  const level = fields.u8(100);
  const width = level === 0 ? ITEM_BYTES : POINTER_BYTES;
  if (HEADER_BYTES + count * width > bytes.byteLength) return 'has more items than there is room for';
  const keys: Key[] = [];
  for (let index = 0; index < count; index += 1) {
    const key = readKey(fields, HEADER_BYTES + index * width);
    const before = keys.at(-1);
    if (before !== undefined && compareKeys(before, key) >= 0) return 'has items out of order';
    keys.push(key);
  }
  if (level === 0 && !hasSoundItems(fields, count)) return 'has an item outside of it';
  return {
    level,
    generation: fields.u64(80),
    owner: fields.u64(88),
    uuid: uuidText(fields.slice(32, 16)),
    logical: fields.u64(48),
    keys,
    bytes: fields,
  };
}

/** The data of items lie behind all of their heads. */
function hasSoundItems(fields: Fields, count: number): boolean {
  const room = fields.bytes.byteLength - HEADER_BYTES;
  for (let index = 0; index < count; index += 1) {
    const at = HEADER_BYTES + index * ITEM_BYTES + KEY_BYTES;
    const offset = fields.u32(at);
    if (offset < count * ITEM_BYTES || offset + fields.u32(at + 4) > room) return false;
  }
  return true;
}

/** The item of a leaf at `index`, which is one of its keys. */
export function itemAt({ keys, bytes }: Node, index: number): Item | undefined {
  const key = keys[index];
  if (key === undefined) return undefined;
  const at = HEADER_BYTES + index * ITEM_BYTES + KEY_BYTES;
  return { key, data: bytes.part(HEADER_BYTES + bytes.u32(at), bytes.u32(at + 4)) };
}

/** Where the child of an inner node at `index` lies. */
export function childAt({ bytes, level }: Node, index: number): Pointer {
  const at = HEADER_BYTES + index * POINTER_BYTES + KEY_BYTES;
  return { logical: bytes.u64(at), generation: bytes.u64(at + 8), level: level - 1 };
}

/** The first index whose key is not before `key`: the count of keys where all are. */
export function indexOf(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = keys[middle];
    if (at !== undefined && compareKeys(at, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
