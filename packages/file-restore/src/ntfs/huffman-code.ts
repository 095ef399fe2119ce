import { damaged } from '../bytes/damage.ts';
import type { UnitBits } from './unit-bits.ts';

/** Codes of at most so many bits are looked up at once: a table for all of them took longer to fill than a block takes to read. */
const QUICK_BITS = 9;
/** Bits that are no code, or one that is longer. */
const NONE = 0xffff;

/** A Huffman code that is told by the lengths of its codes: shorter ones first, those of one length in the order of the symbols. */
export class HuffmanCode {
  readonly #lengths: Uint8Array;
  readonly #mostBits: number;
  readonly #quickBits: number;
  /** The symbol of a short code, for whatever bits may follow it. */
  readonly #quick: Uint16Array;
  /** Symbols in the order of their codes. */
  readonly #sorted: Uint16Array;
  /** Of each length: where its codes begin in `sorted`, and the bits, as a number of `mostBits`, from which on codes are longer. */
  readonly #begin: Uint16Array;
  readonly #end: Uint32Array;

  /** `lengths`: bits of each symbol, at most `mostBits`; 0: it does not occur. Throws `CORRUPT` for codes that cannot be. */
  constructor(lengths: Uint8Array, mostBits: number) {
    this.#lengths = lengths;
    this.#mostBits = mostBits;
    this.#quickBits = Math.min(QUICK_BITS, mostBits);
    this.#begin = new Uint16Array(mostBits + 2);
    this.#end = new Uint32Array(mostBits + 1);
    this.#count();
    this.#sorted = this.#sort();
    this.#quick = new Uint16Array(2 ** this.#quickBits).fill(NONE);
    this.#fillQuick();
  }

  /** The next symbol. Throws `CORRUPT` for bits that are no code. */
  next(bits: UnitBits): number {
    const quick = this.#quick[bits.peek(this.#quickBits)] ?? NONE;
    const symbol = quick === NONE ? this.#long(bits.peek(this.#mostBits)) : quick;
    bits.take(this.#lengths[symbol] ?? 0);
    return symbol;
  }

  /** How many codes are shorter than each length, and how far those of the length reach. */
  #count(): void {
    for (const length of this.#lengths)
      if (length > 0) this.#begin[length + 1] = (this.#begin[length + 1] ?? 0) + 1;
    let end = 0;
    for (let length = 1; length <= this.#mostBits; length += 1) {
      end += (this.#begin[length + 1] ?? 0) * 2 ** (this.#mostBits - length);
      this.#end[length] = end;
      this.#begin[length + 1] = (this.#begin[length + 1] ?? 0) + (this.#begin[length] ?? 0);
    }
    if (end > 2 ** this.#mostBits)
      throw damaged('a chunk of a system-compressed file has an impossible code');
  }

  #sort(): Uint16Array {
    const sorted = new Uint16Array(this.#lengths.length);
    const next = Uint16Array.from(this.#begin);
    for (const [symbol, length] of this.#lengths.entries()) {
      if (length === 0) continue;
      const at = next[length] ?? 0;
      sorted[at] = symbol;
      next[length] = at + 1;
    }
    return sorted;
  }

  #fillQuick(): void {
    let at = 0;
    const shorter = this.#begin[this.#quickBits + 1] ?? 0;
    for (let index = 0; index < shorter; index += 1) {
      const symbol = this.#sorted[index] ?? 0;
      const next = at + 2 ** (this.#quickBits - (this.#lengths[symbol] ?? 0));
      this.#quick.fill(symbol, at, next);
      at = next;
    }
  }

  /** The symbol of a long code. */
  #long(value: number): number {
    for (let length = this.#quickBits + 1; length <= this.#mostBits; length += 1) {
      if (value >= (this.#end[length] ?? 0)) continue;
      const index = (value - (this.#end[length - 1] ?? 0)) >> (this.#mostBits - length);
      return this.#sorted[(this.#begin[length] ?? 0) + index] ?? 0;
    }
    throw damaged('a chunk of a system-compressed file has bits that mean nothing');
  }
}
