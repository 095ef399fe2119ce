import { expect, it } from 'vitest';
import {
  collectText,
  parseBytes,
  parseCount,
  parsePositive,
  parseSpan,
  parseText,
  parseUuid,
} from './flag-values.ts';

it('reads byte counts with and without binary units', () => {
  expect(['1', '1048576', '1K', '1.5k', '50M', '2GiB', '1TB', '3 M'].map(parseBytes)).toEqual([
    1,
    2 ** 20,
    1024,
    1536,
    50 * 2 ** 20,
    2 ** 31,
    2 ** 40,
    3 * 2 ** 20,
  ]);
  for (const text of ['', '0', '-1', '1X', 'M', '1e9', 'NaN', '99999999999999T', '0.1']) {
    expect(() => parseBytes(text)).toThrow('number of bytes');
  }
});

it('reads spans of hours, days and weeks', () => {
  expect(['12h', '1d', '30d', '4w'].map(parseSpan)).toEqual(
    [12, 24, 720, 672].map((hours) => hours * 3_600_000),
  );
  for (const text of ['', '30', 'd', '0d', '1.5d', '-1d', '1m', '999999d']) {
    expect(() => parseSpan(text)).toThrow('hours, days or weeks');
  }
});

it('reads counts, identities and lists', () => {
  expect(parseCount('0')).toBe(0);
  expect(() => parseCount('1.5')).toThrow('whole number');
  expect(() => parseCount('')).toThrow('whole number');
  expect(() => parsePositive('0')).toThrow('from 1');
  expect(parseUuid('0F8FAD5B-D9CB-469F-A165-70867728950E')).toBe('0f8fad5b-d9cb-469f-a165-70867728950e');
  expect(() => parseUuid('0f8fad5b')).toThrow('UUID');
  expect(() => parseText('')).toThrow('empty');
  expect(collectText('b', collectText('a', undefined))).toEqual(['a', 'b']);
});
