import type { ChunkTable } from './chunk-table.ts';
import { PackIdSet } from './pack-id-set.ts';

/**
 * Index objects in a table of this process. Packs that young ones name are known as such before a chunk is found in them, and for
 * as long as the table is: so who looks up in it never takes one for a pack that stays.
 */
export class LoadedIndex {
  readonly table: ChunkTable;
  #young = new PackIdSet([]);

  constructor(table: ChunkTable) {
    this.table = table;
  }

  /** The packs that young index objects name: their writers may delete them yet. */
  get young(): PackIdSet {
    return this.#young;
  }

  /** Adds the packs of young index objects, before their chunks are added to the table. */
  addYoung(packs: readonly string[]): void {
    if (packs.length > 0) this.#young = new PackIdSet([...this.#young, ...packs]);
  }
}
