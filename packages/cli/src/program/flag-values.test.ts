import { expect, it } from 'vitest';
import {
  collectText,
  parseBytes,
  parseCount,
  parsePercent,
  parsePositive,
  parseSpan,
  parseText,
  parseUuid,
  parseWorkTime,
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

it('reads how long work may take in seconds, minutes, hours and days', () => {
  expect(['5ms', '90s', '30m', '8h', '2d'].map(parseWorkTime)).toEqual([
    5, 90_000, 1_800_000, 28_800_000, 172_800_000,
  ]);
  for (const text of ['', '30', 'm', '0m', '1.5h', '-1s', '1w', '30 m', '999999s']) {
    expect(() => parseWorkTime(text)).toThrow('seconds, minutes, hours or days');
  }
});

it('reads percent as a part of one', () => {
  expect(['5', '0.5', '5%', '12.5 %', '100'].map(parsePercent)).toEqual([0.05, 0.005, 0.05, 0.125, 1]);
  for (const text of ['', '0', '0%', '100.1', '-5', '1e1', '%', '5%%', '0.0000001']) {
    expect(() => parsePercent(text)).toThrow('percent above 0');
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
