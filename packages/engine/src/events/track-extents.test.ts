import type { ByteRange, Extent } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { trackExtents } from './track-extents.ts';

const data = (offset: number, length: number): Extent => ({ offset, length, kind: 'data' });

async function* each<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

describe('extents on their way to a copy', () => {
  it.each<[string, readonly ByteRange[], number]>([
    ['nothing', [], 0],
    ['a beginning that ends within an extent', [{ offset: 0, length: 35 }], 15],
    ['ranges within an extent and across several', [data(12, 2), data(15, 20), data(90, 20)], 2 + 5 + 5 + 20],
    ['what no extent holds', [{ offset: 20, length: 10 }], 0],
    ['everything', [{ offset: 0, length: 200 }], 40],
  ])('tell how much of them is durable already: %s', async (_what, durable, bytes) => {
    const tracker = trackExtents(each(data(10, 10), data(30, 10), data(90, 20)), {
      durable: each(...durable),
    });
    expect(await collect(tracker.extents)).toHaveLength(3);
    expect(tracker).toMatchObject({ durableBytes: bytes, dataBytes: 40, skippedBytes: 10 + 10 + 50 });
  });
});
