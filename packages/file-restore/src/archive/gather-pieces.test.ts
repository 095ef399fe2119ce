import { expect, it } from 'vitest';
import { gatherPieces } from './gather-pieces.ts';

const KIB = 1024;

/** Pieces of these lengths, each of bytes of its own, and what comes of them. */
async function gather(...lengths: readonly number[]) {
  const given = lengths.map((length, index) => Buffer.alloc(length, index + 1));
  const taken: Uint8Array[] = [];
  for await (const piece of gatherPieces(ofAll(given))) taken.push(piece);
  expect(Buffer.concat(taken).equals(Buffer.concat(given))).toBe(true);
  return taken.map(({ byteLength }) => byteLength);
}

async function* ofAll(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of pieces) {
    await Promise.resolve();
    yield piece;
  }
}

it('Small pieces come as few, of up to 256 KiB', async () => {
  expect(await gather(...Array.from({ length: 1000 }, () => 512))).toEqual([256 * KIB, 244 * KIB]);
});

it('A large piece comes as it is, after the small ones before it', async () => {
  expect(await gather(512, 100, 256 * KIB, 7, 1024 * KIB, 3)).toEqual([612, 256 * KIB, 7, 1024 * KIB, 3]);
});

it('Pieces of nothing do not come', async () => {
  expect(await gather()).toEqual([]);
  expect(await gather(0, 5, 0)).toEqual([5]);
});
