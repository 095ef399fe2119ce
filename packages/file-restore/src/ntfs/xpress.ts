import { damaged } from '../bytes/damage.ts';
import { HuffmanCode } from './huffman-code.ts';
import { UnitBits } from './unit-bits.ts';

// Format: [MS-XCA] 2.1 and 2.2, LZ77+Huffman.
const SYMBOLS = 512;
const TABLE_BYTES = SYMBOLS / 2;
const MOST_BITS = 15;
const LEAST_LENGTH = 3;
/** Symbols below are bytes; those from here on tell how far back and how long. */
const FIRST_PAIR = 256;
/** A length that follows as a byte, and that of a byte which follows as 16 bits. */
const LONG = { nibble: 15, byte: 255 };

/** What was compressed into `bytes`, which is `size` bytes. Throws `CORRUPT`. */
export function decompressXpress(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.byteLength < TABLE_BYTES) throw damaged('a chunk of a system-compressed file is cut off');
  const lengths = Uint8Array.from({ length: SYMBOLS }, (_, symbol) => nibbleAt(bytes, symbol));
  const code = new HuffmanCode(lengths, MOST_BITS);
  const bits = new UnitBits(bytes, TABLE_BYTES);
  const out = new Uint8Array(size);
  for (let done = 0; done < size; ) {
    const symbol = code.next(bits);
    if (symbol < FIRST_PAIR) {
      out[done] = symbol;
      done += 1;
      continue;
    }
    const nibble = symbol & 15;
    const length = LEAST_LENGTH + (nibble === LONG.nibble ? longLength(bits) : nibble);
    const width = (symbol >> 4) & 15;
    const from = done - 2 ** width - bits.take(width);
    if (from < 0 || done + length > size)
      throw damaged('a chunk of a system-compressed file repeats what was not there, or is too long');
    // what it repeats may be what it writes
    for (let index = 0; index < length; index += 1) out[done + index] = out[from + index] ?? 0;
    done += length;
  }
  return out;
}

function nibbleAt(bytes: Uint8Array, index: number): number {
  return ((bytes[index >> 1] ?? 0) >> ((index & 1) * 4)) & 15;
}

/** A length that lies in bytes of its own. */
function longLength(bits: UnitBits): number {
  const byte = bits.byte();
  if (byte < LONG.byte) return LONG.nibble + byte;
  const length = bits.unit();
  if (length < LONG.nibble) throw damaged('a chunk of a system-compressed file has an impossible length');
  return length;
}
