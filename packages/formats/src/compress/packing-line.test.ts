import { describe, expect, it } from 'vitest';
import { PACKED_AT_ONCE, PackingLine } from './packing-line.ts';

const BLOCK = new Uint8Array(16);
const COUNT = 3 * PACKED_AT_ONCE;

describe('PackingLine', () => {
  it('stores blocks in the order in which they came, however long each takes, and a few behind the newest', async () => {
    const stored: number[] = [];
    const line = new PackingLine<number>(BLOCK.byteLength, async (block) => void stored.push(block));
    const ends: (() => void)[] = [];
    const pack = (block: number) => new Promise<number>((resolve) => ends.push(() => resolve(block)));
    const added = (async () => {
      for (let block = 0; block < COUNT; block += 1) await line.add(BLOCK, () => pack(block));
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
    const line = new PackingLine<number>(BLOCK.byteLength, async (block) => void stored.push(block));
    await line.add(BLOCK, async () => 1);
    await line.add(BLOCK, () => Promise.reject(new Error('no memory')));
    await line.add(BLOCK, async () => 3);
    await expect(line.drain()).rejects.toThrow('no memory');
    await line.abandon();
    expect(stored).toEqual([1]);
  });

  it('packs a copy, so that the caller may use its memory again at once', async () => {
    const stored: number[] = [];
    const line = new PackingLine<number>(16, async (first) => void stored.push(first));
    const block = new Uint8Array(16);
    const later = () => new Promise((resolve) => setImmediate(resolve));
    for (let value = 1; value <= COUNT; value += 1) {
      block.fill(value);
      await line.add(block, async (own) => {
        await later();
        return own.every((byte) => byte === own[0]) ? (own[0] ?? 0) : 0;
      });
    }
    await line.drain();
    expect(stored).toEqual(Array.from({ length: COUNT }, (_, index) => index + 1));
  });
});
