/** One bit for each place of a table. */
export class PlaceMarks {
  readonly #bits: Uint8Array;

  constructor(places: number) {
    this.#bits = new Uint8Array(Math.ceil(places / 8));
  }

  /** Marks a place; whether it was not marked before. */
  add(place: number): boolean {
    if (this.has(place)) return false;
    this.#bits[place >> 3] = (this.#bits[place >> 3] ?? 0) | (1 << (place & 7));
    return true;
  }

  /** Whether a place is marked. */
  has(place: number): boolean {
    return ((this.#bits[place >> 3] ?? 0) & (1 << (place & 7))) !== 0;
  }
}
