import { damaged } from '../bytes/damage.ts';

// Format: [MS-XCA] 2.1 and 2.2, LZ77+Huffman.
const SYMBOLS = 512;
const TABLE_BYTES = SYMBOLS / 2;
const MOST_BITS = 15;
const LEAST_LENGTH = 3;
/** Symbols below are bytes; those from here on tell how far back and how long. */
const FIRST_PAIR = 256;
/** A length that follows as a byte, and that of a byte which follows as 16 bits. */
const LONG = { nibble: 15, byte: 255 };
const NONE = 0xffff;

/** What was compressed into `bytes`, which is `size` bytes. Throws `CORRUPT`. */
export function decompressXpress(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.byteLength < TABLE_BYTES) throw damaged('a chunk of a system-compressed file is cut off');
  const symbols = symbolTable(bytes);
  const bits = new Bits(bytes, TABLE_BYTES);
  const out = new Uint8Array(size);
  for (let done = 0; done < size; ) {
    const symbol = bits.symbol(symbols);
    if (symbol < FIRST_PAIR) {
      out[done] = symbol;
      done += 1;
      continue;
    }
    const nibble = symbol & 15;
    const length = LEAST_LENGTH + (nibble === LONG.nibble ? bits.longLength() : nibble);
    const from = done - bits.distance((symbol >> 4) & 15);
    if (from < 0 || done + length > size)
      throw damaged('a chunk of a system-compressed file repeats what was not there, or is too long');
    // what it repeats may be what it writes
    for (let index = 0; index < length; index += 1) out[done + index] = out[from + index] ?? 0;
    done += length;
  }
  return out;
}

/** The symbol for each 15 bits that may follow: codes are shorter ones first, those of one length in the order of the symbols. */
function symbolTable(bytes: Uint8Array): Uint16Array {
  const table = new Uint16Array(2 ** MOST_BITS).fill(NONE);
  let at = 0;
  for (let length = 1; length <= MOST_BITS; length += 1)
    for (let symbol = 0; symbol < SYMBOLS; symbol += 1) {
      if ((((bytes[symbol >> 1] ?? 0) >> ((symbol & 1) * 4)) & 15) !== length) continue;
      const next = at + 2 ** (MOST_BITS - length);
      if (next > table.length) throw damaged('a chunk of a system-compressed file has an impossible code');
      table.fill(symbol, at, next);
      at = next;
    }
  return table;
}

/** Bits out of units of 16, the highest first, and the bytes between them; zeros follow the end. */
class Bits {
  readonly #bytes: Uint8Array;
  #at: number;
  #next: number;
  /** Valid bits of `next` beyond the 16 that are always there. */
  #spare = 16;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#next = ((this.#unit() << 16) | this.#unit()) >>> 0;
  }

  /** The next symbol. Throws `CORRUPT` for bits that are no code. */
  symbol(table: Uint16Array): number {
    const symbol = table[this.#next >>> (32 - MOST_BITS)] ?? NONE;
    if (symbol === NONE) throw damaged('a chunk of a system-compressed file has bits that mean nothing');
    const nibbles = this.#bytes[symbol >> 1] ?? 0;
    this.#drop((nibbles >> ((symbol & 1) * 4)) & 15);
    return symbol;
  }

  /** How far back: a power of two, and so many bits as it has. */
  distance(width: number): number {
    const low = width === 0 ? 0 : this.#next >>> (32 - width);
    this.#drop(width);
    return 2 ** width + low;
  }

  /** A length that lies in bytes of its own. */
  longLength(): number {
    const byte = this.#byte();
    if (byte < LONG.byte) return LONG.nibble + byte;
    const length = this.#unit();
    if (length < LONG.nibble) throw damaged('a chunk of a system-compressed file has an impossible length');
    return length;
  }

  #drop(count: number): void {
    this.#next = (this.#next << count) >>> 0;
    this.#spare -= count;
    if (this.#spare >= 0) return;
    this.#next = (this.#next | (this.#unit() << -this.#spare)) >>> 0;
    this.#spare += 16;
  }

  #unit(): number {
    return this.#byte() | (this.#byte() << 8);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }
}
