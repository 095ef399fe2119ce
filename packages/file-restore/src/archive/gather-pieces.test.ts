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

it('The first piece comes at once, small ones after it as few, of up to 256 KiB', async () => {
  expect(await gather(...Array.from({ length: 1001 }, () => 512))).toEqual([512, 256 * KIB, 244 * KIB]);
});

it('A large piece comes as it is, after the small ones before it', async () => {
  expect(await gather(9, 512, 100, 256 * KIB, 7, 1024 * KIB, 3)).toEqual([
    9,
    612,
    256 * KIB,
    7,
    1024 * KIB,
    3,
  ]);
});

it('Pieces of nothing come to nothing', async () => {
  expect(await gather()).toEqual([]);
  expect(await gather(5, 0, 0)).toEqual([5]);
});

it('Small pieces are copied as they come: what they are parts of is not kept for them', async () => {
  const large = new Uint8Array(1024 * KIB);
  async function* parts(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let value = 1; value <= 8; value += 1) {
      await Promise.resolve();
      yield large.fill(value).subarray(0, 4);
    }
  }
  const taken: Uint8Array[] = [];
  for await (const piece of gatherPieces(parts())) taken.push(Uint8Array.from(piece));
  expect(Buffer.concat(taken)).toEqual(
    Buffer.from([1, 2, 3, 4, 5, 6, 7, 8].flatMap((value) => Array(4).fill(value))),
  );
});

it('What comes a second after a piece was asked for is given at once, with what was gathered before it', async () => {
  let nowMs = 0;
  async function* slowly(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let index = 0; index < 12; index += 1) {
      await Promise.resolve();
      nowMs += 300;
      yield Buffer.alloc(10);
    }
  }
  const lengths: number[] = [];
  for await (const { byteLength } of gatherPieces(slowly(), { monotonicMs: () => nowMs })) {
    lengths.push(byteLength);
    nowMs += 5000; // of whoever takes it: nobody waits for a piece then
  }
  expect(lengths).toEqual([10, 40, 40, 30]);
});
