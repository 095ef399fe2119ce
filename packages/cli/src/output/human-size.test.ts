import { expect, it } from 'vitest';
import { formatBytes, formatDuration, formatRate } from './human-size.ts';

it('writes sizes with one digit where it helps', () => {
  expect([0, 1023, 1024, 1536, 104_857_600, 2 ** 40, 2 ** 60].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '100 MiB',
    '1.0 TiB',
    '1024 PiB',
  ]);
  expect(formatRate(2 ** 20)).toBe('1.0 MiB/s');
});

it('writes durations from tenths of seconds to hours', () => {
  expect([400, 59_940, 125_000, 3_599_600, 12_000_000].map(formatDuration)).toEqual([
    '0.4 s',
    '59.9 s',
    '2 min 05 s',
    '1 h 00 min',
    '3 h 20 min',
  ]);
});
