import { expect, it } from 'vitest';
import { HuffmanCode } from './huffman-code.ts';
import { UnitBits } from './unit-bits.ts';

/** Units of 16 bits, the highest first. */
function bitsOf(text: string): UnitBits {
  const units = text.padEnd(Math.ceil(text.length / 16) * 16, '0').match(/.{16}/gu) ?? [];
  const bytes = units.flatMap((unit) => {
    const value = Number.parseInt(unit, 2);
    return [value & 0xff, value >> 8];
  });
  return new UnitBits(Uint8Array.from(bytes), 0);
}

function read(lengths: readonly number[], mostBits: number, text: string, count: number): number[] {
  const code = new HuffmanCode(Uint8Array.from(lengths), mostBits);
  const bits = bitsOf(text);
  return Array.from({ length: count }, () => code.next(bits));
}

it('Shorter codes come first, those of one length in the order of their symbols', () => {
  // 0, 10, 1100, 1101, 1110
  expect(read([4, 0, 1, 4, 2, 4], 7, '1101 10 0 1110 1100 0'.replaceAll(' ', ''), 6)).toEqual([
    3, 4, 2, 5, 0, 2,
  ]);
});

it('Codes of each length up to the most are read', () => {
  // 0, 10, 110, … and two of 16 bits
  const lengths = [...Array.from({ length: 16 }, (_, index) => index + 1), 16];
  const codes = lengths.map((length, symbol) =>
    symbol === 16 ? '1'.repeat(16) : `${'1'.repeat(length - 1)}0`,
  );
  const order = [15, 0, 9, 16, 8, 10, 1, 14];
  expect(read(lengths, 16, order.map((symbol) => codes[symbol]).join(''), order.length)).toEqual(order);
});

it('Bits that are no code are damage, and so are more codes than there are bits for', () => {
  expect(() => read([2, 2], 7, '10', 1)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
  expect(() => read([12, 12], 15, '1111111111111111', 1)).toThrow(
    expect.objectContaining({ code: 'CORRUPT' }),
  );
  expect(() => read([1, 1, 1], 7, '0', 1)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
});

it('Long codes take little memory: a chunk may have hundreds of blocks, each with codes of its own', () => {
  const lengths = Uint8Array.from({ length: 496 }, () => 16);
  const before = process.memoryUsage().arrayBuffers;
  const codes = Array.from({ length: 700 }, () => new HuffmanCode(lengths, 16));
  const bytes = process.memoryUsage().arrayBuffers - before;
  expect(codes).toHaveLength(700);
  expect(bytes).toBeLessThan(700 * 8192);
});
