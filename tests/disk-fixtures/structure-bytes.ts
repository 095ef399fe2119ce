import type { FixtureField, FixtureSeal } from './disk-fixture.ts';
import { applySeal } from './seal.ts';

/** One field of a structure: its name, its width in bytes and its value; bytes and texts are filled up with zeros. */
export type FieldRow = readonly [name: string, width: number, value: number | bigint | string | Uint8Array];

/** The bytes of a file that grows, and the fields that were written to it. */
export class StructureBytes {
  readonly fields: FixtureField[] = [];
  readonly seals: FixtureSeal[] = [];
  readonly file: string;
  readonly #littleEndian: boolean;
  #buffer = new Uint8Array(65_536);
  #length = 0;

  constructor(file: string, order: 'little' | 'big') {
    this.file = file;
    this.#littleEndian = order === 'little';
  }

  get length(): number {
    return this.#length;
  }

  /** Writes the fields of a structure one after another, and gives the offset behind the last one. */
  rows(at: number, structure: string, rows: readonly FieldRow[]): number {
    let next = at;
    for (const [name, width, value] of rows) {
      this.#set(next, width, value);
      this.fields.push({ file: this.file, name: `${structure}.${name}`, at: next, bytes: width });
      next += width;
    }
    return next;
  }

  /** Writes a table of numbers. All of its entries that are not `empty` are fields, and some of the empty ones. */
  table(
    at: number,
    name: string,
    width: 4 | 8,
    entries: readonly (number | bigint)[],
    empty: number | bigint = 0,
  ): number {
    for (const [index, entry] of entries.entries()) {
      const place = at + index * width;
      this.#set(place, width, entry);
      if (entry === empty && index % 128 !== 0) continue;
      this.fields.push({ file: this.file, name: `${name}[${index}]`, at: place, bytes: width });
    }
    return at + entries.length * width;
  }

  /** Writes bytes that are no structure. */
  data(at: number, bytes: Uint8Array): void {
    this.reach(at + bytes.byteLength);
    this.#buffer.set(bytes, at);
  }

  /** Makes the file at least `length` bytes long. */
  reach(length: number): void {
    this.#length = Math.max(this.#length, length);
    if (length <= this.#buffer.byteLength) return;
    const larger = new Uint8Array(Math.max(length, this.#buffer.byteLength * 2));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }

  /** Grows to a multiple of `unit`, and gives the length. */
  align(unit: number): number {
    this.reach(Math.ceil(this.#length / unit) * unit);
    return this.#length;
  }

  /** Says that `[at, at + length)` has a checksum; written by `bytes`. */
  seal(seal: Omit<FixtureSeal, 'file'>): void {
    this.seals.push({ file: this.file, ...seal });
  }

  /** The whole file, with its checksums. */
  bytes(): Uint8Array {
    const bytes = this.#buffer.slice(0, this.#length);
    for (const seal of this.seals) applySeal(bytes, seal);
    return bytes;
  }

  #set(at: number, width: number, value: FieldRow[2]): void {
    this.reach(at + width);
    if (typeof value === 'string') this.#buffer.set(new TextEncoder().encode(value), at);
    else if (value instanceof Uint8Array) this.#buffer.set(value, at);
    else this.#number(at, width, BigInt(value));
  }

  #number(at: number, width: number, value: bigint): void {
    for (let index = 0; index < width; index += 1) {
      const place = this.#littleEndian ? at + index : at + width - 1 - index;
      this.#buffer[place] = Number((value >> BigInt(8 * index)) & 0xffn);
    }
  }
}
