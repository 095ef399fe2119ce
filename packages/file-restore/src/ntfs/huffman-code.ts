import { damaged } from '../bytes/damage.ts';
import type { UnitBits } from './unit-bits.ts';

/** Bits that are no code. */
const NONE = 0xffff;

/** A Huffman code that is told by the lengths of its codes: shorter ones first, those of one length in the order of the symbols. */
export class HuffmanCode {
  readonly #lengths: Uint8Array;
  readonly #mostBits: number;
  /** The symbol for whatever bits may follow. */
  readonly #symbols: Uint16Array;

  /** `lengths`: bits of each symbol, at most `mostBits`; 0: it does not occur. Throws `CORRUPT` for codes that cannot be. */
  constructor(lengths: Uint8Array, mostBits: number) {
    this.#lengths = lengths;
    this.#mostBits = mostBits;
    this.#symbols = new Uint16Array(2 ** mostBits).fill(NONE);
    let at = 0;
    for (let length = 1; length <= mostBits; length += 1)
      for (let symbol = 0; symbol < lengths.length; symbol += 1) {
        if (lengths[symbol] !== length) continue;
        const next = at + 2 ** (mostBits - length);
        if (next > this.#symbols.length)
          throw damaged('a chunk of a system-compressed file has an impossible code');
        this.#symbols.fill(symbol, at, next);
        at = next;
      }
  }

  /** The next symbol. Throws `CORRUPT` for bits that are no code. */
  next(bits: UnitBits): number {
    const symbol = this.#symbols[bits.peek(this.#mostBits)] ?? NONE;
    if (symbol === NONE) throw damaged('a chunk of a system-compressed file has bits that mean nothing');
    bits.take(this.#lengths[symbol] ?? 0);
    return symbol;
  }
}
