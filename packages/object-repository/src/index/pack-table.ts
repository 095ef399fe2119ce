import { ChunkTable } from './chunk-table.ts';
import { PACK_ID_BYTES, placeOf, RECORD_BYTES, serializeRecord } from './table-page.ts';
import type { CreateTableStorage } from './table-storage.ts';

const BATCH = 65_536;

/** Ids of packs with a number each, in a table like that of the chunks: however many they are, memory stays the same. */
export class PackTable implements AsyncDisposable {
  readonly #table: ChunkTable;
  /** Ids of the packs that wait, so that one that comes again at once is added once. */
  readonly #waiting = new Map<string, number>();

  private constructor(table: ChunkTable) {
    this.#table = table;
  }

  /** An empty table. */
  static async open(create: CreateTableStorage): Promise<PackTable> {
    return new PackTable(await ChunkTable.open(create));
  }

  /** Adds a pack (32 hex digits); `value` is below 2^32. It waits in memory until `settle`. */
  add(pack: string, value = 0): void {
    this.#waiting.set(pack, value);
  }

  /** Puts what waits into the table when it is much. */
  async settle(): Promise<void> {
    if (this.#waiting.size < BATCH) return;
    const records = Buffer.allocUnsafe(this.#waiting.size * RECORD_BYTES);
    let at = 0;
    for (const [pack, length] of this.#waiting) {
      records.set(serializeRecord(idOf(pack), { pack, offset: 0, length }), at);
      at += RECORD_BYTES;
    }
    this.#waiting.clear();
    await this.#table.add(records);
  }

  /** The number of a pack; `undefined` when it was not added. */
  async get(pack: string): Promise<number | undefined> {
    return this.#waiting.get(pack) ?? (await this.#table.find(idOf(pack)))?.length;
  }

  /** Tells all packs, some at a time. */
  async each(visit: (packs: readonly string[]) => Promise<unknown>): Promise<void> {
    await visit([...this.#waiting.keys()]);
    let some: string[] = [];
    await this.#table.eachRecord(
      (record) => some.push(placeOf(record).pack),
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

/** A pack in a table of chunks: its id, then zeros. */
function idOf(pack: string): Buffer {
  const id = Buffer.alloc(2 * PACK_ID_BYTES);
  id.write(pack, 'hex');
  return id;
}
