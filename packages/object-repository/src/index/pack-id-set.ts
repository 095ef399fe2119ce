const ID_BYTES = 16;
/** The id that is asked for: a buffer for each would be garbage. */
const ID = Buffer.alloc(ID_BYTES);

/** Ids of packs (32 hex digits) in 16 bytes each. */
export class PackIdSet {
  readonly #ids: Buffer;

  constructor(ids: Iterable<string>) {
    this.#ids = Buffer.from([...new Set(ids)].sort().join(''), 'hex');
  }

  /** How many. */
  get size(): number {
    return this.#ids.byteLength / ID_BYTES;
  }

  /** Each of them. */
  *[Symbol.iterator](): Generator<string> {
    for (let at = 0; at < this.#ids.byteLength; at += ID_BYTES)
      yield this.#ids.toString('hex', at, at + ID_BYTES);
  }

  /** Whether a pack is in it. */
  has(pack: string): boolean {
    if (this.size === 0) return false;
    ID.write(pack, 'hex');
    return this.hasAt(ID, 0);
  }

  /** Whether the pack whose id begins at `at` is in it. */
  hasAt(bytes: Buffer, at: number): boolean {
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = middle * ID_BYTES;
      const order = this.#ids.compare(bytes, at, at + ID_BYTES, first, first + ID_BYTES);
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return false;
  }
}
