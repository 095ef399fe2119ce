import { describe, expect, it } from 'vitest';
import { PACKED_AT_ONCE, PackingLine } from './packing-line.ts';

const COUNT = 3 * PACKED_AT_ONCE;

describe('PackingLine', () => {
  it('stores blocks in the order in which they came, however long each takes, and a few behind the newest', async () => {
    const stored: number[] = [];
    const line = new PackingLine<number>(async (block) => void stored.push(block));
    const ends: (() => void)[] = [];
    const pack = (block: number) => new Promise<number>((resolve) => ends.push(() => resolve(block)));
    const added = (async () => {
      for (let block = 0; block < COUNT; block += 1) await line.add(pack(block));
    })();
    while (stored.length <= COUNT - PACKED_AT_ONCE) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(ends.length).toBeLessThanOrEqual(PACKED_AT_ONCE);
      for (const end of ends.splice(0).toReversed()) end();
    }
    await added;
    expect(stored).toHaveLength(COUNT - PACKED_AT_ONCE + 1);
    await line.drain();
    expect(stored).toEqual(Array.from({ length: COUNT }, (_, block) => block));
  });

  it('fails where a block could not be packed, and stores nothing that came behind it', async () => {
    const stored: number[] = [];
    const line = new PackingLine<number>(async (block) => void stored.push(block));
    await line.add(Promise.resolve(1));
    await line.add(Promise.reject(new Error('no memory')));
    await line.add(Promise.resolve(3));
    await expect(line.drain()).rejects.toThrow('no memory');
    await line.abandon();
    expect(stored).toEqual([1]);
  });
});
