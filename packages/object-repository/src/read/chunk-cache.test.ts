import { describe, expect, it } from 'vitest';
import type { HeldChunk } from '../packs/chunk-codec.ts';
import { ChunkCache } from './chunk-cache.ts';

const BYTES = 100;
const idOf = (chunk: number) => Buffer.alloc(32, chunk);

/** Reads chunks that are full of their number, each in memory that is wiped when it is given back. */
function reads() {
  const givenBack: number[] = [];
  let count = 0;
  const read = (chunk: number) => async (): Promise<HeldChunk> => {
    count += 1;
    const bytes = new Uint8Array(BYTES).fill(chunk);
    const giveBack = () => {
      givenBack.push(chunk);
      bytes.fill(0xee);
    };
    return { bytes, heldBytes: BYTES, giveBack };
  };
  return { read, givenBack, count: () => count };
}

const first = (chunk: Uint8Array) => chunk[0];

describe('a cache of chunks', () => {
  it('gives back the oldest, one after another, and reads it again when it is asked for', async () => {
    const { read, givenBack, count } = reads();
    const cache = new ChunkCache(3 * BYTES);
    const use = (chunk: number) => cache.use(idOf(chunk), read(chunk), first);
    for (const chunk of [1, 2, 3, 1, 4]) expect(await use(chunk)).toBe(chunk);
    expect(givenBack).toEqual([2]);
    expect(await use(2)).toBe(2);
    expect(givenBack).toEqual([2, 3]);
    expect(count()).toBe(5);
  });

  it('reads once for all who ask at once, and gives the chunk back when the last one has looked', async () => {
    const { read, givenBack, count } = reads();
    const cache = new ChunkCache(0);
    const seen: string[] = [];
    const uses = Array.from({ length: 5 }, (_, user) =>
      cache.use(idOf(7), read(7), (chunk) =>
        seen.push(`${user}: ${chunk[BYTES - 1]}, back ${givenBack.length}`),
      ),
    );
    await Promise.all(uses);
    expect(seen).toEqual(['0: 7, back 0', '1: 7, back 0', '2: 7, back 0', '3: 7, back 0', '4: 7, back 0']);
    expect([count(), givenBack]).toEqual([1, [7]]);
  });

  it('gives a chunk back also when who looked at it failed', async () => {
    const { read, givenBack } = reads();
    const cache = new ChunkCache(0);
    const looking = cache.use(idOf(1), read(1), () => {
      throw new Error('looked the wrong way');
    });
    await expect(looking).rejects.toThrow('the wrong way');
    expect(givenBack).toEqual([1]);
  });

  it('forgets what could not be read', async () => {
    const { read } = reads();
    const cache = new ChunkCache(BYTES);
    await expect(cache.use(idOf(1), () => Promise.reject(new Error('gone')), first)).rejects.toThrow('gone');
    expect(await cache.use(idOf(1), read(1), first)).toBe(1);
  });
});
