import { damagedObject } from '../keys/proven-json.ts';
import {
  ENTRY_BYTES,
  framesBytes,
  type PackEntry,
  parseEntries,
  serializeEntries,
} from '../packs/pack-directory.ts';
import { MAX_PACK_BYTES, PACK_HEADER_BYTES } from '../packs/pack-layout.ts';

/** No index object names more chunks than this and those of one more pack; the format allows four times as many. */
export const INDEX_ENTRIES = 65_536;
const PACK_ID_BYTES = 16;
/** Bytes before the entries of a pack: its id, size and their count. */
export const PACK_BYTES = PACK_ID_BYTES + 8;

/** No index object has more bytes: 262144 entries, each in a pack of its own. */
export const MAX_INDEX_BYTES = 4 + 262_144 * (ENTRY_BYTES + PACK_BYTES);

/** A pack as the index knows it; `id` is 32 hex digits. */
export type IndexedPack = {
  readonly id: string;
  readonly sizeBytes: number;
  readonly entries: readonly PackEntry[];
};

/** The content of an index object; see the format, section 3.5. */
export function serializeIndex(packs: readonly IndexedPack[]): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32LE(packs.length);
  const parts: Buffer[] = [count];
  for (const { id, sizeBytes, entries } of packs) {
    const head = Buffer.alloc(PACK_BYTES);
    head.write(id, 'hex');
    head.writeUInt32LE(sizeBytes, PACK_ID_BYTES);
    head.writeUInt32LE(entries.length, PACK_ID_BYTES + 4);
    parts.push(head, serializeEntries(entries));
  }
  return Buffer.concat(parts);
}

/** The packs of an index object, one after another. Throws `CORRUPT` naming `key` for anything that is none. */
export function* parseIndex(content: Uint8Array, key: string): Generator<IndexedPack> {
  const view = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const wrong = (): never => {
    throw damagedObject(key, 'is no index object');
  };
  if (view.byteLength < 4) wrong();
  const packs = view.readUInt32LE(0);
  let at = 4;
  for (let pack = 0; pack < packs; pack += 1) {
    if (at + PACK_BYTES > view.byteLength) wrong();
    const id = view.toString('hex', at, at + PACK_ID_BYTES);
    const sizeBytes = view.readUInt32LE(at + PACK_ID_BYTES);
    const count = view.readUInt32LE(at + PACK_ID_BYTES + 4);
    at += PACK_BYTES;
    const end = at + count * ENTRY_BYTES;
    if (end > view.byteLength || sizeBytes > MAX_PACK_BYTES) wrong();
    if (PACK_HEADER_BYTES + framesBytes(view, at, end, key) > sizeBytes) wrong();
    yield new ListedPack(id, sizeBytes, { view, at, end, key });
    at = end;
  }
  if (at !== view.byteLength) wrong();
}

/** Where the entries of a pack lie in an index object. */
type ListedEntries = {
  readonly view: Buffer;
  readonly at: number;
  readonly end: number;
  readonly key: string;
};

/** A pack of an index object. Most who read an index look into few packs, so entries are made when they are asked for. */
class ListedPack implements IndexedPack {
  readonly id: string;
  readonly sizeBytes: number;
  readonly #listed: ListedEntries;

  constructor(id: string, sizeBytes: number, listed: ListedEntries) {
    this.id = id;
    this.sizeBytes = sizeBytes;
    this.#listed = listed;
  }

  get entries(): readonly PackEntry[] {
    const { view, at, end, key } = this.#listed;
    return [...parseEntries(view.subarray(at, end), key)];
  }
}
