import { INDEX_ENTRIES, type IndexedPack, serializeIndex } from '../index/index-object.ts';
import type { CreateTableStorage, TableStorage } from '../index/table-storage.ts';

type Piece = { readonly storage: TableStorage; readonly bytes: number };

/** The index objects of a point before they are published: all but the last wait where tables wait, not in memory. */
export class IndexSpool implements AsyncDisposable {
  readonly #create: CreateTableStorage;
  readonly #pieces: Piece[] = [];
  #packs: IndexedPack[] = [];
  #entries = 0;

  constructor(create: CreateTableStorage) {
    this.#create = create;
  }

  /** Adds a stored pack. */
  async add(pack: IndexedPack): Promise<void> {
    this.#packs.push(pack);
    this.#entries += pack.entries.length;
    if (this.#entries >= INDEX_ENTRIES) await this.#spool();
  }

  /** The contents of the index objects, one after another; each is forgotten once the next is asked for. */
  async *take(): AsyncGenerator<Uint8Array> {
    if (this.#packs.length > 0) await this.#spool();
    for (let piece = this.#pieces[0]; piece !== undefined; piece = this.#pieces[0]) {
      const content = Buffer.alloc(piece.bytes);
      await piece.storage.read(content, 0);
      yield content;
      this.#pieces.shift();
      await piece.storage[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#packs = [];
    for (const { storage } of this.#pieces.splice(0)) await storage[Symbol.asyncDispose]();
  }

  async #spool(): Promise<void> {
    const content = serializeIndex(this.#packs);
    this.#packs = [];
    this.#entries = 0;
    const storage = await this.#create(content.byteLength);
    this.#pieces.push({ storage, bytes: content.byteLength });
    await storage.write(content, 0);
  }
}
