import { ID_BYTES } from '../packs/pack-directory.ts';

/** Bytes of a page of a table. */
export const PAGE_BYTES = 4096;
/** Bytes of a pack's id. */
export const PACK_ID_BYTES = 16;
/** Id of the chunk, id of its pack, offset and length of its frame. */
export const RECORD_BYTES = ID_BYTES + PACK_ID_BYTES + 8;
const HEADER_BYTES = 8;
/** Records of a full page. */
export const PAGE_RECORDS = Math.floor((PAGE_BYTES - HEADER_BYTES) / RECORD_BYTES);

/** Keys are compared by words of 4 bytes: a byte at a time takes long. */
const WORD_BYTES = 4;
/** The key that is looked for. */
const KEY_WORDS = new Int32Array((ID_BYTES + PACK_ID_BYTES) / WORD_BYTES);
const KEY_BYTES = Buffer.from(KEY_WORDS.buffer);

/** Where the frame of a chunk lies; `pack` is 32 hex digits. */
export type ChunkPlace = { readonly pack: string; readonly offset: number; readonly length: number };

/**
 * A page, or several of them back to back, seen as records. A page is: their count u32, 4 bytes 0, the records. Records and keys
 * are told by where they begin in some bytes: tables hold millions of them, and a view of each would be garbage.
 */
export class TablePages {
  readonly bytes: Buffer;
  readonly #words: Int32Array;

  /** `bytes` begin at a multiple of 4 of their memory. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / WORD_BYTES);
  }

  /** Pages. */
  get length(): number {
    return this.bytes.byteLength / PAGE_BYTES;
  }

  /** Records of page `page`. */
  count(page: number): number {
    return Math.min(PAGE_RECORDS, this.bytes.readUInt32LE(page * PAGE_BYTES));
  }

  /** Where a record begins in the bytes. */
  offsetOf(page: number, slot: number): number {
    return page * PAGE_BYTES + HEADER_BYTES + slot * RECORD_BYTES;
  }

  /** Puts the record that begins at `at` of `from` into a page; `false` when it is full. */
  add(page: number, from: Buffer, at: number): boolean {
    const count = this.count(page);
    if (count >= PAGE_RECORDS) return false;
    from.copy(this.bytes, this.offsetOf(page, count), at, at + RECORD_BYTES);
    this.bytes.writeUInt32LE(count + 1, page * PAGE_BYTES);
    return true;
  }

  /**
   * The slot of a key in a page from `first` on; -1 when it is not there. The key is `keyBytes` (a multiple of 4) at `at` of `from`:
   * an id, or an id and its pack.
   */
  find(page: number, from: Buffer, at: number, keyBytes: number, first = 0): number {
    from.copy(KEY_BYTES, 0, at, at + keyBytes);
    const words = keyBytes / WORD_BYTES;
    const count = this.count(page);
    for (let slot = first; slot < count; slot += 1)
      if (this.#begins(this.offsetOf(page, slot) / WORD_BYTES, words)) return slot;
    return -1;
  }

  /** Whether the key begins at a word; the first word tells most records apart. */
  #begins(at: number, words: number): boolean {
    for (let word = 0; word < words; word += 1) if (this.#words[at + word] !== KEY_WORDS[word]) return false;
    return true;
  }
}

/** A record. */
export function serializeRecord(id: Uint8Array, { pack, offset, length }: ChunkPlace): Buffer {
  const record = Buffer.allocUnsafe(RECORD_BYTES);
  record.set(id);
  record.write(pack, ID_BYTES, 'hex');
  record.writeUInt32LE(offset, ID_BYTES + PACK_ID_BYTES);
  record.writeUInt32LE(length, ID_BYTES + PACK_ID_BYTES + 4);
  return record;
}

/** Where the chunk of the record that begins at `at` lies. */
export function placeOf(bytes: Buffer, at = 0): ChunkPlace {
  const pack = at + ID_BYTES;
  return {
    pack: bytes.toString('hex', pack, pack + PACK_ID_BYTES),
    offset: bytes.readUInt32LE(pack + PACK_ID_BYTES),
    length: bytes.readUInt32LE(pack + PACK_ID_BYTES + 4),
  };
}
