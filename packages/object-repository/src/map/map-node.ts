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
    const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const wrong = (): never => {
      throw damagedObject(object, `is no node of level ${level} of a disk's map`);
    };
    if (view.byteLength < HEADER_BYTES || !MAGIC.equals(view.subarray(0, 4))) wrong();
    const count = view.readUInt32LE(8);
    if (view[4] !== VERSION || view[5] !== level || view.readUInt16LE(6) !== 0 || view.readUInt32LE(12) !== 0)
      wrong();
    if (count < 1 || count > FAN_OUT || view.byteLength !== HEADER_BYTES + count * ID_BYTES) wrong();
    const node = MapNode.empty();
    view.copy(node.#ids, 0, HEADER_BYTES);
    if (node.#count() !== count) wrong();
    return node;
  }

  /** The id at a place from 0 to 1023; the bytes are the node's own. */
  at(slot: number): Uint8Array {
    return this.#ids.subarray(slot * ID_BYTES, (slot + 1) * ID_BYTES);
  }

  /** The ids of what is not zeros, back to back in `ids`, which has room for a node. */
  idsInto(ids: Buffer): Buffer {
    let bytes = 0;
    for (let at = 0; at < this.#ids.byteLength; at += ID_BYTES)
      if (this.#ids.compare(ZERO_ID, 0, ID_BYTES, at, at + ID_BYTES) !== 0)
        bytes += this.#ids.copy(ids, bytes, at, at + ID_BYTES);
    return ids.subarray(0, bytes);
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
    while (count > 0 && isZeroId(this.at(count - 1))) count -= 1;
    return count;
  }
}
