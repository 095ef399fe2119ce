import { damaged } from '../bytes/damage.ts';
import { HuffmanCode } from './huffman-code.ts';
import { UnitBits } from './unit-bits.ts';

// Format: [MS-PATCH] 2, LZX, as WIM has it ("Windows Imaging File Format"): each chunk is by itself, and its calls are always changed.
const LITERALS = 256;
/** How far back is told by slots; a window of 32 KiB has 30. */
const SLOTS = 30;
const LENGTHS = 249;
const MOST_BITS = { code: 16, lengths: 15, aligned: 7 };
const BLOCK = { verbatim: 1, aligned: 2, stored: 3, usualBytes: 32_768 };
const LEAST_LENGTH = 2;
const LENGTH_FOLLOWS = 7;
/** How much more than the distance is told. */
const DISTANCE_ADDED = 2;
const CODE_LENGTHS = 20;
const RUN = { zeros: 17, manyZeros: 18, same: 19 };
/** Lengths count down from the one before, from 16 to 0 and round. */
const LENGTH_VALUES = 17;
/** Calls of programs name an absolute place, as if the file had so many bytes. */
const CALL = { code: 0xe8, fileBytes: 12_000_000, tailBytes: 10, bytes: 5 };

/** What was compressed into `bytes`, which is `size` bytes, at most 32 KiB. Throws `CORRUPT`. */
export function decompressLzx(bytes: Uint8Array, size: number): Uint8Array {
  const chunk = new Chunk(bytes, size);
  while (chunk.done < size) chunk.block();
  restoreCalls(chunk.out);
  return chunk.out;
}

/** A chunk that is being decompressed. */
class Chunk {
  readonly out: Uint8Array;
  done = 0;
  readonly #bits: UnitBits;
  readonly #mainLengths = new Uint8Array(LITERALS + SLOTS * 8);
  readonly #lengthLengths = new Uint8Array(LENGTHS);
  #recent: readonly [number, number, number] = [1, 1, 1];

  constructor(bytes: Uint8Array, size: number) {
    this.out = new Uint8Array(size);
    this.#bits = new UnitBits(bytes, 0);
  }

  /** Decompresses the next block. */
  block(): void {
    const type = this.#bits.take(3);
    const end = this.done + (this.#bits.take(1) === 1 ? BLOCK.usualBytes : this.#bits.take(16));
    if (end === this.done || end > this.out.byteLength) throw wrong('has a block of an impossible length');
    if (type === BLOCK.stored) this.#stored(end);
    else if (type === BLOCK.verbatim || type === BLOCK.aligned) this.#coded(end, type === BLOCK.aligned);
    else throw wrong('has a block of no known type');
  }

  #stored(end: number): void {
    this.#bits.align();
    const head = new DataView(Uint8Array.from(this.#bits.raw(12)).buffer);
    const length = end - this.done;
    const bytes = this.#bits.raw(length + (length % 2));
    if (head.byteLength < 12 || bytes.byteLength < length) throw wrong('is cut off');
    this.#recent = [head.getUint32(0, true), head.getUint32(4, true), head.getUint32(8, true)];
    this.out.set(bytes.subarray(0, length), this.done);
    this.done = end;
    this.#bits.resume();
  }

  #coded(end: number, isAligned: boolean): void {
    const bits = this.#bits;
    const aligned = isAligned
      ? new HuffmanCode(
          Uint8Array.from({ length: 8 }, () => bits.take(3)),
          MOST_BITS.aligned,
        )
      : undefined;
    readLengths(bits, this.#mainLengths.subarray(0, LITERALS));
    readLengths(bits, this.#mainLengths.subarray(LITERALS));
    readLengths(bits, this.#lengthLengths);
    const main = new HuffmanCode(this.#mainLengths, MOST_BITS.code);
    const lengths = new HuffmanCode(this.#lengthLengths, MOST_BITS.code);
    while (this.done < end) {
      const symbol = main.next(bits);
      if (symbol < LITERALS) {
        this.out[this.done] = symbol;
        this.done += 1;
        continue;
      }
      const nibble = (symbol - LITERALS) & 7;
      const length = LEAST_LENGTH + (nibble === LENGTH_FOLLOWS ? nibble + lengths.next(bits) : nibble);
      this.#repeat(this.#distance((symbol - LITERALS) >> 3, aligned), length, end);
    }
  }

  /** How far back: one of the last three distances, or a new one. */
  #distance(slot: number, aligned: HuffmanCode | undefined): number {
    const [first, second, third] = this.#recent;
    if (slot === 0) return first;
    if (slot === 1) this.#recent = [second, first, third];
    else if (slot === 2) this.#recent = [third, second, first];
    else {
      const width = slot < 4 ? 0 : (slot >> 1) - 1;
      const begin = slot < 4 ? slot : (2 | (slot & 1)) << width;
      const low =
        aligned !== undefined && width >= 3
          ? (this.#bits.take(width - 3) << 3) + aligned.next(this.#bits)
          : this.#bits.take(width);
      this.#recent = [begin + low - DISTANCE_ADDED, first, second];
    }
    return this.#recent[0];
  }

  /** What it repeats may be what it writes. */
  #repeat(distance: number, length: number, end: number): void {
    const from = this.done - distance;
    if (distance < 1 || from < 0 || this.done + length > end)
      throw wrong('repeats what was not there, or is too long');
    for (let index = 0; index < length; index += 1) this.out[this.done + index] = this.out[from + index] ?? 0;
    this.done += length;
  }
}

/** Changes lengths of codes to those of the next block, by a code of their own. */
function readLengths(bits: UnitBits, lengths: Uint8Array): void {
  const code = new HuffmanCode(
    Uint8Array.from({ length: CODE_LENGTHS }, () => bits.take(4)),
    MOST_BITS.lengths,
  );
  const lessBy = (at: number, symbol: number): number => {
    if (symbol >= LENGTH_VALUES) throw wrong('has impossible lengths of codes');
    return ((lengths[at] ?? 0) - symbol + LENGTH_VALUES) % LENGTH_VALUES;
  };
  for (let at = 0; at < lengths.length; ) {
    const symbol = code.next(bits);
    let count = 1;
    let value = 0;
    if (symbol === RUN.zeros) count = 4 + bits.take(4);
    else if (symbol === RUN.manyZeros) count = 20 + bits.take(5);
    else if (symbol === RUN.same) {
      count = 4 + bits.take(1);
      value = lessBy(at, code.next(bits));
    } else value = lessBy(at, symbol);
    lengths.fill(value, at, at + count);
    at += count;
  }
}

/** Calls in programs are relative to their place again. */
function restoreCalls(out: Uint8Array): void {
  const view = new DataView(out.buffer);
  for (let at = 0; at < out.byteLength - CALL.tailBytes; at += 1) {
    if (out[at] !== CALL.code) continue;
    const absolute = view.getInt32(at + 1, true);
    if (absolute >= 0 && absolute < CALL.fileBytes) view.setInt32(at + 1, absolute - at, true);
    else if (absolute < 0 && absolute >= -at) view.setInt32(at + 1, absolute + CALL.fileBytes, true);
    at += CALL.bytes - 1;
  }
}

function wrong(how: string): Error {
  return damaged(`a chunk of a system-compressed file ${how}`);
}
