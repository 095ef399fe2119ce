import { SendenseError } from '@sendense/core';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { decompressLzo1x } from './lzo1x.ts';

const END = [17, 0, 0];
/** Four literals at the begin. */
const ABCD = [21, ...Buffer.from('abcd')];
/** Four bytes of four before. */
const AGAIN = [0x6c, 0];

function decompress(bytes: readonly number[], room = 64): string {
  const into = new Uint8Array(room);
  return Buffer.from(into.subarray(0, decompressLzo1x(Uint8Array.from(bytes), into))).toString('latin1');
}

it.each([
  ['nothing', END, ''],
  ['literals', [...ABCD, ...END], 'abcd'],
  ['what came before', [...ABCD, ...AGAIN, ...END], 'abcdabcd'],
  ['what it writes itself', [...ABCD, 32 + 18, 0, 0, ...END], `abcd${'d'.repeat(20)}`],
  ['a length that goes on', [...ABCD, 32, 5, 0, 0, ...END], `abcd${'d'.repeat(38)}`],
  ['literals that follow a repeat', [...ABCD, 0x6d, 0, 0x78, ...END], 'abcdabcdx'],
  ['two bytes behind such literals', [...ABCD, 0x6d, 0, 0x78, 4, 0, ...END], 'abcdabcdxdx'],
  ['literals in the middle', [...ABCD, ...AGAIN, 1, ...Buffer.from('wxyz'), ...END], 'abcdabcdwxyz'],
])('A stream of LZO1X holds %s', (_title, bytes, text) => {
  expect(decompress(bytes)).toBe(text);
});

it.each([
  ['that ends early', ABCD, 'end early'],
  ['whose literals are cut off', [30, 1, 2], 'end early'],
  ['that repeats what was not there', [...ABCD, 0x70, 1, ...END], 'was not there'],
  ['that goes on behind its end', [...ABCD, ...END, 0], 'behind their end'],
])('A stream %s is damaged', (_title, bytes, message) => {
  expect(() => decompress(bytes)).toThrow(message);
});

it('A stream that holds more than there is room for is damaged', () => {
  expect(() => decompress([...ABCD, ...AGAIN, ...END], 7)).toThrow('longer than they may be');
  expect(() => decompress([...ABCD, ...END], 3)).toThrow('longer than they may be');
});

/** Whether it ended as it may. */
function endsWell(bytes: readonly number[]): boolean {
  try {
    decompress(bytes, 4096);
    return true;
  } catch (error) {
    return SendenseError.is(error, 'CORRUPT');
  }
}

it('Any bytes end with a result or as damage', () => {
  const random = seededRandom(testSeed());
  for (let round = 0; round < 3000; round += 1) {
    const bytes = Array.from({ length: 1 + seededInteger(random, 40) }, () => seededInteger(random, 256));
    expect(endsWell([...ABCD, ...bytes]), String(bytes)).toBe(true);
  }
});
