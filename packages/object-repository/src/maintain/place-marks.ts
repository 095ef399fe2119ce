/** One bit for each place of a table. */
export class PlaceMarks {
  readonly #bits: Uint8Array;

  constructor(places: number) {
    this.#bits = new Uint8Array(Math.ceil(places / 8));
  }

  /** Marks a place; whether it was not marked before. */
  add(place: number): boolean {
    if (this.has(place)) return false;
    const byte = byteOf(place);
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << (place & 7));
    return true;
  }

  /** Whether a place is marked. */
  has(place: number): boolean {
    return ((this.#bits[byteOf(place)] ?? 0) & (1 << (place & 7))) !== 0;
  }
}

/** By division: shifts see 32 bits, and from 2^31 places on they would give a byte below 0. */
function byteOf(place: number): number {
  return Math.floor(place / 8);
}
