import { damaged, notSupported } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import { ITEM, KEY_BYTES, type Key, readKey } from './key.ts';

// Layout: "On-disk Format" of the btrfs documentation, CHUNK_ITEM.
const HEAD_BYTES = 48;
const STRIPE_BYTES = 32;
/** Linux knows stripes of no other length. */
const COLUMN_BYTES = 65_536;
const RAID56 = 0x80 | 0x100;
const RAID10 = 0x40;
const RAID0 = 0x8;

/** What each way of spreading says: how many copies there are, of how many stripes; `undefined`: as many as there are stripes. */
const COPIES: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [0x10, 2],
  [0x20, 2],
  [0x200, 3],
  [0x400, 4],
]);
const PROFILES = 0x8 | 0x10 | 0x20 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400;

/** Where a part of a chunk lies on a device, in bytes. */
type Stripe = { readonly device: number; readonly offset: number };

/** A part of the logical space and where it lies. */
export type Chunk = {
  readonly logical: number;
  readonly length: number;
  readonly stripeBytes: number;
  /** Each copy as the columns that its stripes go to in turn; empty where the way of spreading is not read. */
  readonly copies: readonly (readonly Stripe[])[];
};

/** The chunk of an item. Throws `CORRUPT` for one that contradicts itself. */
export function parseChunk({ offset: logical }: Key, item: Fields): Chunk {
  const size = item.bytes.byteLength;
  const stripes = size < HEAD_BYTES ? 0 : item.u16(44);
  if (stripes === 0 || HEAD_BYTES + stripes * STRIPE_BYTES > size)
    throw damaged('a chunk of btrfs has no stripes', { logical });
  const [length, stripeBytes] = [item.u64(0), item.u64(16)];
  const type = Number(item.bits64(24) & BigInt(PROFILES));
  const columns = Array.from({ length: stripes }, (_, index): Stripe => {
    const at = HEAD_BYTES + index * STRIPE_BYTES;
    return { device: item.u64(at), offset: item.u64(at + 8) };
  });
  const copies = copiesOf(type, columns, item.u16(46));
  const row = stripeBytes * (copies[0]?.length ?? 1);
  const isSound =
    length > 0 &&
    stripeBytes === COLUMN_BYTES &&
    Number.isSafeInteger(logical + length) &&
    (copies[0]?.length === 1 || length % row === 0);
  if (!isSound) throw damaged('a chunk of btrfs contradicts itself', { logical });
  return { logical, length, stripeBytes, copies };
}

function copiesOf(
  type: number,
  columns: readonly Stripe[],
  together: number,
): readonly (readonly Stripe[])[] {
  if ((type & RAID56) !== 0) return [];
  if (type === RAID0) return [columns];
  if (type === RAID10) {
    if (together < 2 || columns.length % together !== 0) throw damaged('a chunk of RAID10 has no pairs');
    return Array.from({ length: together }, (_, copy) =>
      columns.filter((_stripe, index) => index % together === copy),
    );
  }
  const copies = COPIES.get(type);
  if (copies === undefined) throw notSupported(`btrfs spreads a chunk in a way that is not known (${type})`);
  if (copies !== columns.length) throw damaged('a chunk of btrfs has more or fewer stripes than copies');
  return columns.map((column) => [column]);
}

/** The chunks of a superblock, which hold the tree of all chunks: keys, each with its item. */
export function parseSystemChunks(array: Fields): Chunk[] {
  const chunks: Chunk[] = [];
  const size = array.bytes.byteLength;
  for (let at = 0; at < size; ) {
    if (at + KEY_BYTES + HEAD_BYTES > size) throw damaged('the chunks of a superblock end early');
    const key = readKey(array, at);
    const stripes = array.u16(at + KEY_BYTES + 44);
    const length = HEAD_BYTES + stripes * STRIPE_BYTES;
    if (key.type !== ITEM.chunk || at + KEY_BYTES + length > size)
      throw damaged('the chunks of a superblock contradict themselves');
    chunks.push(parseChunk(key, array.part(at + KEY_BYTES, length)));
    at += KEY_BYTES + length;
  }
  return chunks;
}
