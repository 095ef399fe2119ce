import { seededInteger, seededRandom } from '@sendense/testkit';
import { testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { UsedBlocks } from './used-blocks.ts';

it('Blocks are in use whose bit is set, the lowest of a byte first', () => {
  const used = new UsedBlocks(Uint8Array.of(0b101, 0, 0b1000_0000), 24);
  expect([0, 1, 2, 8, 23, 24, 1.5].map((index) => used.has(index))).toEqual([
    true,
    false,
    true,
    false,
    true,
    false,
    false,
  ]);
  expect([0, 1, 3, 8, 23, 24].map((index) => used.next(index))).toEqual([0, 2, 23, 23, 23, undefined]);
});

it('Neither blocks without a bit nor bits without a block are in use', () => {
  expect(new UsedBlocks(Uint8Array.of(0xff), 2 ** 27).end).toBe(8);
  const used = new UsedBlocks(Uint8Array.of(0, 0xff, 0xff), 9);
  expect(used.end).toBe(9);
  expect([used.next(0), used.next(9), used.has(9)]).toEqual([8, undefined, false]);
});

it('The next block in use is the same, byte by byte, as bit by bit', () => {
  const random = seededRandom(testSeed());
  const bits = Uint8Array.from({ length: 500 }, () =>
    seededInteger(random, 8) === 0 ? seededInteger(random, 256) : 0,
  );
  const used = new UsedBlocks(bits, 3990);
  let wanted: number | undefined;
  for (let index = 3990; index >= 0; index -= 1) {
    if (used.has(index)) wanted = index;
    expect(used.next(index)).toBe(wanted);
  }
});
