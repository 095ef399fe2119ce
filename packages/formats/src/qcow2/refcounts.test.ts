import { expect, it } from 'vitest';
import { readRefcount, writeRefcount } from './refcounts.ts';

it.each([1, 2, 4, 8, 16, 32, 64])('refcounts of %i bits are read as they were written, apart', (bits) => {
  const block = new DataView(new ArrayBuffer(512));
  const largest = Math.min(2 ** bits - 1, 0xffff);
  for (let index = 0; index < 8; index += 1) writeRefcount(block, index, bits, index % 2 === 0 ? largest : 0);
  writeRefcount(block, 3, bits, 1);
  const read = Array.from({ length: 8 }, (_, index) => readRefcount(block, index, bits));
  expect(read).toEqual([largest, 0, largest, 1, largest, 0, largest, 0]);
});

it('refcounts of 1 bit start at the least significant one', () => {
  const block = new DataView(new ArrayBuffer(512));
  writeRefcount(block, 1, 1, 1);
  expect(block.getUint8(0)).toBe(2);
});
