import { ID_BYTES } from '../packs/pack-directory.ts';
import { ChunkTable } from './chunk-table.ts';
import { PACK_ID_BYTES, placeOf } from './table-page.ts';
import type { CreateTableStorage } from './table-storage.ts';
import { WaitingPacks } from './waiting-packs.ts';

/** Packs that wait in memory. */
const BATCH = 16_384;
/** The id of the pack that is added or asked for: a buffer for each would be garbage. */
const ID = Buffer.alloc(PACK_ID_BYTES);

/** Ids of packs with a number each, in a table like that of the chunks: however many they are, memory stays the same. */
export class PackTable implements AsyncDisposable {
  readonly #table: ChunkTable;
  /** The packs that wait, so that one that comes again at once is added once. */
  readonly #waiting = new WaitingPacks();

  private constructor(table: ChunkTable) {
    this.#table = table;
  }

  /** An empty table. */
  static async open(create: CreateTableStorage): Promise<PackTable> {
    return new PackTable(await ChunkTable.open(create));
  }

  /** Adds a pack (32 hex digits); `value` is below 2^32. It waits in memory until `settle`. */
  add(pack: string, value = 0): void {
    ID.write(pack, 'hex');
    this.#waiting.add(ID, 0, value);
  }

  /** Adds the pack whose id, 16 bytes, begins at `at`; while it waits its number grows by `more` each time. */
  addTo(bytes: Buffer, at: number, more: number): void {
    this.#waiting.addTo(bytes, at, more);
  }

  /** Puts what waits into the table when it is much. */
  async settle(): Promise<void> {
    if (this.#waiting.count >= BATCH) await this.#table.add(this.#waiting.take());
  }

  /** The number of a pack; `undefined` when it was not added. */
  async get(pack: string): Promise<number | undefined> {
    const [value] = await this.getAll([pack]);
    return value;
  }

  /** The numbers of some packs, in one pass over the table. */
  async getAll(packs: readonly string[]): Promise<readonly (number | undefined)[]> {
    const ids = Buffer.alloc(packs.length * ID_BYTES);
    const values = packs.map((pack, index) => {
      ids.write(pack, index * ID_BYTES, 'hex');
      return this.#waiting.get(ids, index * ID_BYTES);
    });
    await this.#table.visitCopies(ids, (index, copies) => {
      if (copies.count > 0) values[index] ??= copies.at(0).length;
    });
    return values;
  }

  /** Tells all packs, some at a time. */
  async each(visit: (packs: readonly string[]) => Promise<unknown>): Promise<void> {
    let some: string[] = [];
    this.#waiting.each((bytes, at) => some.push(bytes.toString('hex', at, at + PACK_ID_BYTES)));
    await visit(some);
    some = [];
    await this.#table.eachRecord(
      (bytes, at) => some.push(placeOf(bytes, at).pack),
      async () => {
        await visit(some);
        some = [];
      },
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#table[Symbol.asyncDispose]();
  }
}
