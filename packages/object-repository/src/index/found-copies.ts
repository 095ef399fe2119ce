import { ID_BYTES } from '../packs/pack-directory.ts';
import type { PackIdSet } from './pack-id-set.ts';
import { type ChunkPlace, placeOf, RECORD_BYTES } from './table-page.ts';

/** Copies that there is room for at first; few chunks have more. */
const FIRST_ROOM = 8;

/** The copies of one chunk in the order in which the table holds them. One object is filled for one chunk after another. */
export class FoundCopies {
  #records = Buffer.allocUnsafeSlow(FIRST_ROOM * RECORD_BYTES);
  readonly #places: number[] = [];
  #count = 0;

  /** How many. */
  get count(): number {
    return this.#count;
  }

  /** Forgets them. */
  clear(): void {
    this.#count = 0;
  }

  /** Takes the record that begins at `at`, and its place in the table. */
  add(bytes: Buffer, at: number, place: number): void {
    const end = this.#count * RECORD_BYTES;
    if (end === this.#records.byteLength) {
      const larger = Buffer.allocUnsafeSlow(2 * end);
      this.#records.copy(larger);
      this.#records = larger;
    }
    bytes.copy(this.#records, end, at, at + RECORD_BYTES);
    this.#places[this.#count] = place;
    this.#count += 1;
  }

  /** The place of a copy in the table. */
  place(copy: number): number {
    return this.#places[copy] ?? 0;
  }

  /** Where a copy lies. */
  at(copy: number): ChunkPlace {
    return placeOf(this.#records, copy * RECORD_BYTES);
  }

  /** Whether the pack of a copy is one of these. */
  isIn(copy: number, packs: PackIdSet): boolean {
    return packs.hasAt(this.#records, copy * RECORD_BYTES + ID_BYTES);
  }

  /** Where the first copy lies that `accept` takes. */
  find(accept: (place: ChunkPlace) => boolean): ChunkPlace | undefined {
    for (let copy = 0; copy < this.#count; copy += 1) {
      const place = this.at(copy);
      if (accept(place)) return place;
    }
    return undefined;
  }
}
