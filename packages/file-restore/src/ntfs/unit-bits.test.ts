import { expect, it } from 'vitest';
import { UnitBits } from './unit-bits.ts';

const CUT_OFF = expect.objectContaining({ code: 'CORRUPT' });

it('Bits up to the end are given, and no bit behind it', () => {
  const bits = new UnitBits(Uint8Array.from([0x34, 0x12, 0x78, 0x56]), 0);
  expect([bits.take(4), bits.take(16), bits.take(12)]).toEqual([1, 0x2345, 0x678]);
  expect(bits.take(0)).toBe(0);
  expect(bits.peek(16)).toBe(0);
  expect(() => bits.take(1)).toThrow(CUT_OFF);
});

it('No bits are none, and so are bytes that are not there', () => {
  expect(() => new UnitBits(new Uint8Array(0), 0).take(1)).toThrow(CUT_OFF);
  const bits = new UnitBits(Uint8Array.from([0, 0, 0, 0, 7]), 0);
  expect(bits.byte()).toBe(7);
  expect(() => bits.byte()).toThrow(CUT_OFF);
  expect(() => bits.unit()).toThrow(CUT_OFF);
});

it('Bits go on behind bytes that lie between them, to the end of those that follow', () => {
  const bits = new UnitBits(Uint8Array.from([0, 0xff, 1, 2, 0xcd, 0xab]), 0);
  expect(bits.take(8)).toBe(0xff);
  bits.align();
  expect([...bits.raw(2)]).toEqual([1, 2]);
  bits.resume();
  expect(bits.take(16)).toBe(0xabcd);
  expect(() => bits.take(1)).toThrow(CUT_OFF);
});
