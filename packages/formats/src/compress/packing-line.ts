/** How many blocks are compressed at once: two for each thread that Node compresses with. */
export const PACKED_AT_ONCE = 8;

/**
 * Blocks that are compressed on other threads and stored in the order in which they came, also over several writes: the
 * threads have work while the next bytes are read.
 */
export class PackingLine<T> {
  readonly #store: (packed: T) => Promise<void>;
  readonly #waiting: Promise<T>[] = [];

  /** `store` is called for one block after another, never twice at the same time. */
  constructor(store: (packed: T) => Promise<void>) {
    this.#store = store;
  }

  /** Takes the next block, which is being packed; resolves when there is room for another. Call it one at a time. */
  async add(packing: Promise<T>): Promise<void> {
    // It is awaited later; until then its failure is nobody's.
    packing.catch(() => undefined);
    this.#waiting.push(packing);
    if (this.#waiting.length >= PACKED_AT_ONCE) await this.#storeOldest();
  }

  /** Resolves when everything is stored. */
  async drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#storeOldest();
  }

  /** Resolves when no thread works any more; what was not stored is forgotten. */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.#waiting.splice(0));
  }

  async #storeOldest(): Promise<void> {
    const oldest = this.#waiting.shift();
    if (oldest !== undefined) await this.#store(await oldest);
  }
}
