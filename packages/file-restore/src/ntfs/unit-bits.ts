import { damaged } from '../bytes/damage.ts';

/** So many bits are always at hand, and up to as many more. */
const UNIT_BITS = 16;

/** Bits out of units of 16, the highest first, and the bytes between them: XPRESS and LZX ([MS-XCA], [MS-PATCH]). Zeros follow the end, to be looked at and not to be taken. */
export class UnitBits {
  readonly #bytes: Uint8Array;
  #at: number;
  #next: number;
  /** Valid bits of `next` beyond the 16 that are always there. */
  #spare = UNIT_BITS;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#next = this.#twoUnits();
  }

  /** The next bits, 1 to 16, which stay. */
  peek(count: number): number {
    return this.#next >>> (32 - count);
  }

  /** The next bits, 0 to 16. Throws `CORRUPT` for bits behind the end. */
  take(count: number): number {
    if (count === 0) return 0;
    const value = this.peek(count);
    this.#next = (this.#next << count) >>> 0;
    this.#spare -= count;
    if (this.#spare < 0) {
      this.#next = (this.#next | (this.#lookAhead() << -this.#spare)) >>> 0;
      this.#spare += UNIT_BITS;
    }
    if (this.#at > this.#bytes.byteLength) this.#checkTaken();
    return value;
  }

  /** Sixteen bits that lie behind the units that were read. Throws `CORRUPT` where there are none. */
  unit(): number {
    return this.byte() | (this.byte() << 8);
  }

  /** A byte that lies behind the units that were read. Throws `CORRUPT` where there is none. */
  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw cutOff();
    this.#at += 1;
    return byte;
  }

  /** Leaves the rest of the unit, or a whole one where none was begun: `raw` gives what is behind it. */
  align(): void {
    this.#at -= Math.floor((UNIT_BITS + this.#spare - 1) / UNIT_BITS) * 2;
  }

  /** Bytes from where it was aligned on; fewer than `length` at the end. */
  raw(length: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += bytes.byteLength;
    return bytes;
  }

  /** Goes on with units behind the bytes that were given. */
  resume(): void {
    this.#next = this.#twoUnits();
    this.#spare = UNIT_BITS;
  }

  #twoUnits(): number {
    return ((this.#lookAhead() << UNIT_BITS) | this.#lookAhead()) >>> 0;
  }

  /** The next unit, which need not be there until its bits are taken. */
  #lookAhead(): number {
    const unit = (this.#bytes[this.#at] ?? 0) | ((this.#bytes[this.#at + 1] ?? 0) << 8);
    this.#at += 2;
    return unit;
  }

  /** What was read and is still at hand may lie behind the end; what was taken may not. */
  #checkTaken(): void {
    if (this.#at * 8 - UNIT_BITS - this.#spare > this.#bytes.byteLength * 8) throw cutOff();
  }
}

function cutOff(): Error {
  return damaged('a chunk of a system-compressed file is cut off');
}
