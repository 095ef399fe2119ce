import { expect, it } from 'vitest';
import { NodeIds } from './node-ids.ts';

it.each([256, 257, 1000, 300_000])('Files of subvolumes up to %d have numbers of their own', (newest) => {
  const ids = new NodeIds(newest);
  const places = [
    { subvolume: 5, inode: 256, isLeftOut: false },
    { subvolume: 5, inode: 2 ** 30, isLeftOut: false },
    { subvolume: 256, inode: 256, isLeftOut: false },
    { subvolume: newest, inode: 2 ** 30, isLeftOut: false },
  ];
  for (const place of places) expect(ids.decode(ids.encode(place.subvolume, place.inode))).toEqual(place);
  expect(ids.encode(5, 4711)).toBe(4711);
  expect(Number.isSafeInteger(ids.encode(newest, ids.perSubvolume / 2 - 1))).toBe(true);
  for (const subvolume of [5, newest])
    expect(ids.decode(ids.leftOut(subvolume, 256))).toEqual({ subvolume, inode: 256, isLeftOut: true });
});

it('Inodes and subvolumes that no number has room for are refused', () => {
  const ids = new NodeIds(256);
  expect(() => ids.encode(256, ids.perSubvolume / 2)).toThrow('too large');
  expect(() => new NodeIds(2 ** 40)).toThrow('more subvolumes');
});
