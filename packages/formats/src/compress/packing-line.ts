/** How many blocks are compressed at once: two for each thread that Node compresses with. */
export const PACKED_AT_ONCE = 8;

/**
 * Blocks that are compressed on other threads and stored in the order in which they came, also over several writes: the
 * threads have work while the next bytes are read.
 */
export class PackingLine<T> {
  readonly #blockBytes: number;
  readonly #store: (packed: T) => Promise<void>;
  readonly #waiting: { readonly memory: Uint8Array; readonly packing: Promise<T> }[] = [];
  /** Memory of blocks that were stored: to allocate it for each would leave much of it to the garbage collector. */
  readonly #spare: Uint8Array[] = [];

  /** `store` is called for one block of up to `blockBytes` after another, never twice at the same time. */
  constructor(blockBytes: number, store: (packed: T) => Promise<void>) {
    this.#blockBytes = blockBytes;
    this.#store = store;
  }

  /**
   * Takes the next block; resolves when there is room for another, and the caller may use its memory again. What `pack` is
   * given is a copy, good until the block is stored. Call it one at a time.
   */
  async add(block: Uint8Array, pack: (own: Uint8Array) => Promise<T>): Promise<void> {
    const memory = this.#spare.pop() ?? new Uint8Array(this.#blockBytes);
    memory.set(block);
    const packing = pack(memory.subarray(0, block.byteLength));
    // It is awaited later; until then its failure is nobody's.
    packing.catch(() => undefined);
    this.#waiting.push({ memory, packing });
    if (this.#waiting.length >= PACKED_AT_ONCE) await this.#storeOldest();
  }

  /** Resolves when everything is stored. */
  async drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#storeOldest();
  }

  /** Resolves when no thread works any more; what was not stored is forgotten. */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.#waiting.splice(0).map(({ packing }) => packing));
  }

  async #storeOldest(): Promise<void> {
    const oldest = this.#waiting.shift();
    if (oldest === undefined) return;
    await this.#store(await oldest.packing);
    this.#spare.push(oldest.memory);
  }
}
