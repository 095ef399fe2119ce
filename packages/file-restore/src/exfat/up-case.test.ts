import { expect, it } from 'vitest';
import { Fields } from '../bytes/fields.ts';
import { unpack } from './up-case.ts';

function table(...units: readonly number[]): Fields {
  return new Fields(new Uint8Array(Uint16Array.from(units).buffer));
}

it('A table passes over units that are their own upper case, and gives those that are not', () => {
  const upper = unpack(table(0xffff, 0x61, 0x41, 0x42, 0xffff, 0x10, 0x1234));
  expect([...upper.subarray(0x60, 0x65)]).toEqual([0x60, 0x41, 0x42, 0x63, 0x64]);
  expect(upper[0x73]).toBe(0x1234);
  expect(upper[0xffff]).toBe(0xffff);
});

it('A table that says more than there are units ends at the last', () => {
  const upper = unpack(table(0xffff, 0xffff, 0x41, 0x42, 0x43));
  expect(upper).toHaveLength(65_536);
  expect(upper[0xffff]).toBe(0x41);
  expect(upper[0]).toBe(0);
});

it('A whole table, as older systems write it, has its last unit as it is', () => {
  const upper = unpack(table(...Array.from({ length: 65_536 }, (_, unit) => unit)));
  expect(upper.every((value, unit) => value === unit)).toBe(true);
});
