import type { HeldChunk } from '../packs/chunk-codec.ts';

type Entry = {
  readonly held: Promise<HeldChunk>;
  /** Once it is there. */
  chunk: HeldChunk | undefined;
  /** Who waits for it or looks at it. */
  users: number;
};

/**
 * Chunks that were read lately or are on their way, up to a number of bytes of memory; the oldest that nobody uses goes first, and gives its
 * memory back. So a chunk may be looked at only where the cache knows of it: while `use` runs.
 */
export class ChunkCache {
  readonly #mostBytes: number;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /**
   * What `use` makes of the chunk of an id, which comes by `read` when it is not known. The bytes are there until `use` returns, no
   * longer. A chunk that could not be read is forgotten.
   */
  async use<T>(id: Uint8Array, read: () => Promise<HeldChunk>, use: (chunk: Uint8Array) => T): Promise<T> {
    const entry = this.#entryOf(Buffer.from(id).toString('latin1'), read);
    entry.users += 1;
    try {
      return use((await entry.held).bytes);
    } finally {
      entry.users -= 1;
      this.#trim();
    }
  }

  #entryOf(name: string, read: () => Promise<HeldChunk>): Entry {
    const known = this.#entries.get(name);
    if (known !== undefined) {
      this.#entries.delete(name);
      this.#entries.set(name, known);
      return known;
    }
    const entry: Entry = { held: read(), chunk: undefined, users: 0 };
    this.#entries.set(name, entry);
    entry.held.then(
      (chunk) => {
        entry.chunk = chunk;
        this.#bytes += chunk.heldBytes;
      },
      () => this.#entries.delete(name),
    );
    return entry;
  }

  #trim(): void {
    for (const [name, { chunk, users }] of this.#entries) {
      if (this.#bytes <= this.#mostBytes) return;
      if (chunk === undefined || users > 0) continue;
      this.#entries.delete(name);
      this.#bytes -= chunk.heldBytes;
      chunk.giveBack();
    }
  }
}
