import { damagedObject } from '../keys/proven-json.ts';
import { ID_BYTES } from '../packs/pack-directory.ts';

/** Ids of a full node. */
export const FAN_OUT = 1024;
const MAGIC = Buffer.from('SNDM');
const VERSION = 1;
const HEADER_BYTES = 16;
/** What stands for a chunk of zeros, or for a node with nothing else below. */
export const ZERO_ID: Uint8Array = new Uint8Array(ID_BYTES);

/** Whether an id stands for zeros. */
export function isZeroId(id: Uint8Array): boolean {
  return Buffer.compare(id, ZERO_ID) === 0;
}

/** How many levels of nodes a disk of so many chunks has; one at least. */
export function depthOf(chunks: number): number {
  let depth = 1;
  for (let covered = FAN_OUT; covered < chunks; covered *= FAN_OUT) depth += 1;
  return depth;
}

/** The ids of one node, to be read and changed. */
export class MapNode {
  readonly #ids: Buffer;

  private constructor(ids: Buffer) {
    this.#ids = ids;
  }

  /** A node of zeros. */
  static empty(): MapNode {
    return new MapNode(Buffer.alloc(FAN_OUT * ID_BYTES));
  }

  /** A node with the same ids. */
  static copy(node: MapNode): MapNode {
    return new MapNode(Buffer.from(node.#ids));
  }

  /** The node of level `level` that a chunk holds; see the format, section 3.6. Throws `CORRUPT` naming `object`. */
  static parse(chunk: Uint8Array, level: number, object: string): MapNode {
    const node = MapNode.empty();
    idsOf(chunk, level, object).copy(node.#ids);
    return node;
  }

  /**
   * The ids of what is not zeros in the node of level `level` that a chunk holds, back to back in `into`, which has room for those of a
   * full node. Throws `CORRUPT` naming `object`.
   */
  static idsInto(into: Buffer, chunk: Uint8Array, level: number, object: string): Buffer {
    const ids = idsOf(chunk, level, object);
    let bytes = 0;
    for (let at = 0; at < ids.byteLength; at += ID_BYTES)
      if (!isZeroIdAt(ids, at)) bytes += ids.copy(into, bytes, at, at + ID_BYTES);
    return into.subarray(0, bytes);
  }

  /** The id at a place from 0 to 1023; the bytes are the node's own. */
  at(slot: number): Uint8Array {
    return this.#ids.subarray(slot * ID_BYTES, (slot + 1) * ID_BYTES);
  }

  /** Puts an id at a place. */
  set(slot: number, id: Uint8Array): void {
    this.#ids.set(id, slot * ID_BYTES);
  }

  /** The chunk of this node; `undefined` when it holds zeros alone. */
  serialize(level: number): Uint8Array | undefined {
    const count = this.#count();
    if (count === 0) return undefined;
    const header = Buffer.alloc(HEADER_BYTES);
    MAGIC.copy(header);
    header.writeUInt8(VERSION, 4);
    header.writeUInt8(level, 5);
    header.writeUInt32LE(count, 8);
    return Buffer.concat([header, this.#ids.subarray(0, count * ID_BYTES)]);
  }

  #count(): number {
    let count = FAN_OUT;
    while (count > 0 && isZeroIdAt(this.#ids, (count - 1) * ID_BYTES)) count -= 1;
    return count;
  }
}

/** Where the ids of the node lie that a chunk holds, in its own memory. */
function idsOf(chunk: Uint8Array, level: number, object: string): Buffer {
  const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const wrong = (): never => {
    throw damagedObject(object, `is no node of level ${level} of a disk's map`);
  };
  if (view.byteLength < HEADER_BYTES || !MAGIC.equals(view.subarray(0, 4))) wrong();
  const count = view.readUInt32LE(8);
  if (view[4] !== VERSION || view[5] !== level || view.readUInt16LE(6) !== 0 || view.readUInt32LE(12) !== 0)
    wrong();
  if (count < 1 || count > FAN_OUT || view.byteLength !== HEADER_BYTES + count * ID_BYTES) wrong();
  if (isZeroIdAt(view, view.byteLength - ID_BYTES)) wrong();
  return view.subarray(HEADER_BYTES);
}

/** Whether the id that begins at `at` stands for zeros, by words: a comparison of bytes would take a call and an object each. */
function isZeroIdAt(ids: Buffer, at: number): boolean {
  for (let word = at; word < at + ID_BYTES; word += 4) if (ids.readInt32LE(word) !== 0) return false;
  return true;
}
