import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/fake-timer.ts';
import { readAhead } from './read-ahead.ts';

function counter(length: number, failAt = -1) {
  const seen = { asked: 0, closed: false };
  async function* items() {
    try {
      for (let item = 0; item < length; item += 1) {
        seen.asked += 1;
        await Promise.resolve();
        if (item === failAt) throw new Error(`item ${item}`);
        yield item;
      }
    } finally {
      seen.closed = true;
    }
  }
  return { seen, items: items() };
}

describe('readAhead', () => {
  it('gives every item in order', async () => {
    const got: number[] = [];
    for await (const item of readAhead(counter(20).items, 3)) got.push(item);
    expect(got).toEqual(Array.from({ length: 20 }, (_, item) => item));
  });

  it('asks for as many as its depth before they are wanted, and no more', async () => {
    const { seen, items } = counter(100);
    const ahead = readAhead(items, 4);
    await ahead.next();
    await settle();
    expect(seen.asked).toBe(5);
    await ahead.next();
    await settle();
    expect(seen.asked).toBe(6);
    await ahead.return(undefined);
  });

  it('gives an error in its place and closes the source', async () => {
    const { seen, items } = counter(10, 3);
    const got: number[] = [];
    const run = async () => {
      for await (const item of readAhead(items, 5)) got.push(item);
    };
    await expect(run()).rejects.toThrow('item 3');
    expect(got).toEqual([0, 1, 2]);
    expect(seen.closed).toBe(true);
  });

  it('closes the source when the reader stops early', async () => {
    const { seen, items } = counter(100);
    for await (const item of readAhead(items, 3)) if (item === 2) break;
    expect(seen.closed).toBe(true);
  });
});
