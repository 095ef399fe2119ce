import { expect, it } from 'vitest';
import { requestedRange } from './byte-range.ts';

it.each([
  ['bytes=0-9', { offset: 0, length: 10 }],
  ['bytes=90-', { offset: 90, length: 10 }],
  ['bytes=90-1000', { offset: 90, length: 10 }],
  ['bytes=-5', { offset: 95, length: 5 }],
  ['bytes=-1000', { offset: 0, length: 100 }],
  ['Bytes=99-99', { offset: 99, length: 1 }],
  ['bytes=0000000000000000000099-', { offset: 99, length: 1 }],
])('%s of a file of 100 bytes is a part', (header, range) => {
  expect(requestedRange(header, 100)).toEqual(range);
});

it.each([
  undefined,
  '',
  'bytes=',
  'bytes=-',
  'bytes=9-1',
  'bytes=0-1,5-6',
  'bytes=a-b',
  'lines=0-1',
  'bytes=1.5-2',
])('%s is no part: the whole is sent', (header) => {
  expect(requestedRange(header, 100)).toBeUndefined();
});

it.each([
  ['bytes=100-', 100],
  ['bytes=100-200', 100],
  ['bytes=-0', 100],
  ['bytes=0-', 0],
  ['bytes=-1', 0],
  ['bytes=99999999999999999999999-', 100],
])('%s of a file of %i bytes lies behind its end', (header, sizeBytes) => {
  expect(() => requestedRange(header, sizeBytes)).toThrow(expect.objectContaining({ code: 'RANGE_INVALID' }));
});
