/** Chunks that were read lately or are on their way, up to a number of bytes; the oldest goes first. */
export class ChunkCache {
  readonly #mostBytes: number;
  readonly #chunks = new Map<string, { readonly chunk: Promise<Uint8Array>; bytes: number }>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** The chunk of an id, by `read` when it is not known. One that could not be read is forgotten. */
  get(id: Uint8Array, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const name = Buffer.from(id).toString('latin1');
    const known = this.#chunks.get(name);
    if (known !== undefined) {
      this.#chunks.delete(name);
      this.#chunks.set(name, known);
      return known.chunk;
    }
    const chunk = read();
    const entry = { chunk, bytes: 0 };
    this.#chunks.set(name, entry);
    chunk.then(
      ({ byteLength }) => {
        if (this.#chunks.get(name) !== entry) return;
        entry.bytes = byteLength;
        this.#bytes += byteLength;
        this.#trim();
      },
      () => {
        if (this.#chunks.get(name) === entry) this.#chunks.delete(name);
      },
    );
    return chunk;
  }

  #trim(): void {
    for (const [name, { bytes }] of this.#chunks) {
      if (this.#bytes <= this.#mostBytes) return;
      if (bytes === 0) continue; // on its way
      this.#chunks.delete(name);
      this.#bytes -= bytes;
    }
  }
}
