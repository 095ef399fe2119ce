import { decodeName, encodeName } from '@sendense/file-restore';
import type { FolderList } from './folder-protocol.ts';

/** The names of one folder in the order in which the system lists them, as bytes. */
export class FolderNames {
  readonly #names: Buffer;
  /** Where each name begins. */
  readonly #begins: Uint32Array;
  readonly #types: Uint8Array;

  constructor({ names, types }: FolderList) {
    this.#names = Buffer.from(names.buffer, names.byteOffset, names.byteLength);
    this.#types = types;
    this.#begins = new Uint32Array(types.length + 1);
    for (let index = 0, at = 1; index < types.length; index += 1) {
      this.#begins[index] = at;
      at = this.#names.indexOf(0, at) + 1;
      this.#begins[index + 1] = at;
    }
  }

  /** How many there are. */
  get count(): number {
    return this.#types.length;
  }

  /** Memory that they take. */
  get byteLength(): number {
    return this.#names.byteLength + this.#begins.byteLength + this.#types.byteLength;
  }

  /** The bytes of a name, as a copy: what is sent to a thread takes all of its memory along. */
  bytes(index: number): Uint8Array {
    return new Uint8Array(this.#names.subarray(this.#begins[index] ?? 0, (this.#begins[index + 1] ?? 1) - 1));
  }

  /** Text of a name. */
  name(index: number): string {
    return decodeName(this.bytes(index));
  }

  /** Place of its type in `ENTRY_TYPES`. */
  type(index: number): number {
    return this.#types[index] ?? 0;
  }

  /** Where a name stands; -1 for one that is not there. */
  indexOf(name: string): number {
    if (name === '' || name.includes('\0')) return -1;
    const at = this.#names.indexOf(Buffer.concat([NUL, encodeName(name), NUL]));
    return at < 0 ? -1 : this.#indexAt(at + 1);
  }

  #indexAt(begin: number): number {
    let low = 0;
    for (let high = this.count - 1; low < high; ) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#begins[middle] ?? 0) <= begin) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

const NUL = Buffer.from([0]);
