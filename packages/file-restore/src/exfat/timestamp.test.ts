import { expect, it } from 'vitest';
import { timestampNs } from './timestamp.ts';

/** 2021-05-06 07:08:08, local. */
const STAMP = ((41 << 25) | (5 << 21) | (6 << 16) | (7 << 11) | (8 << 5) | 4) >>> 0;
const LOCAL = BigInt(Date.UTC(2021, 4, 6, 7, 8, 8)) * 1_000_000n;
/** 2107-12-31 23:59:58, the last there is. */
const LAST = ((127 << 25) | (12 << 21) | (31 << 16) | (23 << 11) | (59 << 5) | 29) >>> 0;
const HOUR = 3_600_000_000_000n;

it.each([
  ['without its zone counts as UTC', { stamp: STAMP, tens: 0, zone: 0x04 }, LOCAL],
  ['in UTC is what it says', { stamp: STAMP, tens: 0, zone: 0x80 }, LOCAL],
  ['has steps of 10 ms, up to two seconds', { stamp: STAMP, tens: 199, zone: 0x80 }, LOCAL + 1_990_000_000n],
  ['east of UTC is earlier', { stamp: STAMP, tens: 0, zone: 0x80 | 23 }, LOCAL - (23n * HOUR) / 4n],
  ['west of UTC is later', { stamp: STAMP, tens: 0, zone: 0x80 | (0x80 - 20) }, LOCAL + 5n * HOUR],
  [
    'of 2107 is the last',
    { stamp: LAST, tens: 0, zone: 0x80 },
    BigInt(Date.UTC(2107, 11, 31, 23, 59, 58)) * 1_000_000n,
  ],
  ['that is none is 0', { stamp: 0, tens: 7, zone: 0x80 }, 0n],
])('A time %s', (_, stamp, expected) => {
  expect(timestampNs(stamp)).toBe(expected);
});
