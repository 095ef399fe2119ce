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

/** Where the frame of a chunk lies; `pack` is 32 hex digits. */
export type ChunkPlace = { readonly pack: string; readonly offset: number; readonly length: number };

/** A page, or several of them back to back, seen as records. A page is: their count u32, 4 bytes 0, the records. */
export class TablePages {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Pages. */
  get length(): number {
    return this.bytes.byteLength / PAGE_BYTES;
  }

  /** Records of page `page`. */
  count(page: number): number {
    return Math.min(PAGE_RECORDS, this.bytes.readUInt32LE(page * PAGE_BYTES));
  }

  /** The bytes of a record; they are the page's own. */
  record(page: number, slot: number): Buffer {
    const at = page * PAGE_BYTES + HEADER_BYTES + slot * RECORD_BYTES;
    return this.bytes.subarray(at, at + RECORD_BYTES);
  }

  /** Puts a record into a page; `false` when it is full. */
  add(page: number, record: Uint8Array): boolean {
    const count = this.count(page);
    if (count >= PAGE_RECORDS) return false;
    this.record(page, count).set(record);
    this.bytes.writeUInt32LE(count + 1, page * PAGE_BYTES);
    return true;
  }

  /** The slot of `key` (an id, or an id and its pack) in a page from `from` on; -1 when it is not there. */
  find(page: number, key: Uint8Array, from = 0): number {
    const count = this.count(page);
    const word = wordOf(key);
    for (let slot = from; slot < count; slot += 1) {
      const at = page * PAGE_BYTES + HEADER_BYTES + slot * RECORD_BYTES;
      if (
        this.bytes.readUInt32LE(at) === word &&
        this.bytes.compare(key, 0, key.byteLength, at, at + key.byteLength) === 0
      )
        return slot;
    }
    return -1;
  }
}

/** The first four bytes of a key: they tell most records apart. */
function wordOf([a = 0, b = 0, c = 0, d = 0]: Uint8Array): number {
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
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

/** Where the chunk of a record lies. */
export function placeOf(record: Buffer): ChunkPlace {
  return {
    pack: record.toString('hex', ID_BYTES, ID_BYTES + PACK_ID_BYTES),
    offset: record.readUInt32LE(ID_BYTES + PACK_ID_BYTES),
    length: record.readUInt32LE(ID_BYTES + PACK_ID_BYTES + 4),
  };
}
