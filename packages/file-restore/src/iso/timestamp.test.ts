import { expect, it } from 'vitest';
import { Fields } from '../bytes/fields.ts';
import { longTimeNs, shortTimeNs } from './timestamp.ts';

const SECOND = 1_000_000_000n;
const ns = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;
const short = (...bytes: readonly number[]): bigint => shortTimeNs(new Fields(Uint8Array.from(bytes)), 0);
const long = (digits: string, zone = 0): bigint =>
  longTimeNs(new Fields(Buffer.concat([Buffer.from(digits), Buffer.from([zone])])), 0);

it.each([
  [[70, 1, 1, 0, 0, 0, 0], 0n],
  [[121, 5, 6, 7, 8, 9, 0], ns('2021-05-06T07:08:09Z')],
  [[121, 5, 6, 7, 8, 9, 52], ns('2021-05-06T07:08:09+13:00')],
  [[121, 5, 6, 7, 8, 9, 256 - 48], ns('2021-05-06T07:08:09-12:00')],
  [[60, 2, 29, 0, 0, 0, 0], ns('1960-02-29T00:00:00Z')],
  [[255, 12, 31, 23, 59, 59, 0], ns('2155-12-31T23:59:59Z')],
])('The seven bytes %j are a time in their zone', (bytes, time) => {
  expect(short(...bytes)).toBe(time);
});

it('A zone that is none counts as none, and so does a time without a day', () => {
  expect(short(121, 5, 6, 7, 8, 9, 53)).toBe(ns('2021-05-06T07:08:09Z'));
  expect(short(121, 5, 6, 7, 8, 9, 256 - 49)).toBe(ns('2021-05-06T07:08:09Z'));
  expect(short(0, 0, 0, 0, 0, 0, 4)).toBe(0n);
  expect(short(121, 0, 1, 0, 0, 0, 0)).toBe(0n);
});

it('Digits are a time to the hundredth of a second; what has none is 0', () => {
  expect(long('1970010100000100')).toBe(SECOND);
  expect(long('2021050607080999', 4)).toBe(ns('2021-05-06T07:08:09.990+01:00'));
  expect(long('0050010100000000')).toBe(ns('0050-01-01T00:00:00Z'));
  for (const none of [
    '0000000000000000',
    '                ',
    '20210506070809xx',
    '2021050607',
    '2021000607080900',
  ])
    expect(long(none.padEnd(16))).toBe(0n);
});
