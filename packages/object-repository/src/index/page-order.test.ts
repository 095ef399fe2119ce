import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { pageAtOffset } from './page-of.ts';
import { PageOrder } from './page-order.ts';

const ids = (count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, seed) => createHash('sha256').update(`${seed}`).digest()));

describe('an order of records by their pages', () => {
  it.each([1, 100, 3_000_000])('has each record once, ascending, for %i pages', (pages) => {
    const order = new PageOrder();
    for (const count of [2000, 1, 500]) {
      const records = ids(count);
      order.sort(records, pages, 32);
      const places = Array.from({ length: order.count }, (_, index) => index);
      expect(places.map((index) => order.indexAt(index)).toSorted((a, b) => a - b)).toEqual(places);
      const sorted = places.map((index) => order.pageAt(index));
      expect(sorted).toEqual(sorted.toSorted((a, b) => a - b));
      for (const index of places)
        expect(pageAtOffset(records, order.offsetAt(index), pages)).toBe(sorted[index]);
    }
  });

  it('is empty for no records', () => {
    const order = new PageOrder();
    order.sort(Buffer.alloc(0), 16, 32);
    expect(order.count).toBe(0);
  });
});
