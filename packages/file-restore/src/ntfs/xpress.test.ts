import { expect, it } from 'vitest';
import { decompressXpress } from './xpress.ts';

const LETTER = 65;
const OTHER = 66;

/** A chunk with two codes of one bit, the first of which is 0, and so many units of zeros. */
function chunk(units: number): Uint8Array {
  const bytes = new Uint8Array(256 + units * 2);
  bytes[LETTER >> 1] = 0x10;
  bytes[OTHER >> 1] = 0x01;
  return bytes;
}

it('A chunk gives as many bytes as its bits tell', () => {
  expect([...decompressXpress(chunk(4), 64)]).toEqual(Array.from({ length: 64 }, () => LETTER));
});

it.each([
  ['cut in half', 2, 64],
  ['cut by its last unit', 3, 49],
  ['cut behind its table', 0, 1],
])('A chunk that was %s is damage, not more of the code that is all zeros', (_, units, size) => {
  expect(() => decompressXpress(chunk(units), size)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
});
