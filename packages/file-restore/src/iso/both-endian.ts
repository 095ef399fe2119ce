import { damaged } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';

/**
 * A place or length of 32 bits that is recorded twice, little-endian first (ECMA-119, 7.3.3). Programs that made discs have left the
 * second half zeros, which passes; halves that differ otherwise are `CORRUPT`. Other numbers are read by their first half, as on Linux.
 */
export function bothU32(fields: Fields, at: number): number {
  return agreed(fields.u32(at), fields.u32be(at + 4));
}

/** The same of 16 bits (ECMA-119, 7.2.3). */
export function bothU16(fields: Fields, at: number): number {
  return agreed(fields.u16(at), fields.u16be(at + 2));
}

function agreed(little: number, big: number): number {
  if (little !== big && big !== 0)
    throw damaged(`a number that is recorded twice is ${little} once, and ${big} again`, { little, big });
  return little;
}
