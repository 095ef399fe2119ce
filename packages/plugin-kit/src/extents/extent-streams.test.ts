import type { Extent } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { clipExtents, coverGaps, mergeExtents } from './extent-streams.ts';

const data = (offset: number, length: number): Extent => ({ offset, length, kind: 'data' });
const zero = (offset: number, length: number): Extent => ({ offset, length, kind: 'zero' });

async function* list(...items: Extent[]): AsyncGenerator<Extent> {
  yield* items;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
}

describe('extent streams', () => {
  it('joins touching extents of one kind only', async () => {
    const extents = list(data(0, 4), data(4, 4), zero(8, 4), zero(12, 0), zero(12, 4), data(20, 4));
    expect(await all(mergeExtents(extents))).toEqual([data(0, 8), zero(8, 8), data(20, 4)]);
  });

  it('clips to a window and stops reading behind it', async () => {
    let read = 0;
    async function* counted() {
      for (const extent of [data(0, 10), zero(10, 10), data(20, 10), data(30, 10)]) {
        read += 1;
        yield extent;
      }
    }
    expect(await all(clipExtents(counted(), { offset: 5, length: 17 }))).toEqual([
      data(5, 5),
      zero(10, 10),
      data(20, 2),
    ]);
    expect(read).toBe(3);
  });

  it('covers a window exactly, gaps included', async () => {
    const window = { offset: 0, length: 30 };
    expect(await all(coverGaps(list(data(5, 5), data(20, 5)), window, 'zero'))).toEqual([
      zero(0, 5),
      data(5, 5),
      zero(10, 10),
      data(20, 5),
      zero(25, 5),
    ]);
    expect(await all(coverGaps(list(), window, 'data'))).toEqual([data(0, 30)]);
  });
});
