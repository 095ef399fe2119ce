import { expect, it } from 'vitest';
import { decompressLzx } from './lzx.ts';

const STORED = 3;

/** A block whose bytes are stored as they are: type and length in two units, three distances, the bytes, and one more where they are odd. */
function stored(bytes: readonly number[], type = STORED, length = bytes.length): number[] {
  const head = Buffer.alloc(16);
  head.writeUInt16LE((type << 13) | (length >> 4), 0);
  head.writeUInt16LE((length & 15) << 12, 2);
  for (const at of [4, 8, 12]) head.writeUInt32LE(1, at);
  return [...head, ...bytes, ...(bytes.length % 2 === 0 ? [] : [0])];
}

function decompress(bytes: readonly number[], size: number): number[] {
  return [...decompressLzx(Uint8Array.from(bytes), size)];
}

it('Blocks that are stored as they are follow each other, odd ones by a byte more', () => {
  expect(decompress([...stored([1, 2, 3]), ...stored([4, 5, 6, 7])], 7)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

it('Calls are relative again where they were changed, and left where not', () => {
  const bytes = Buffer.alloc(40);
  const call = (at: number, target: number): void => {
    bytes.writeUInt8(0xe8, at);
    bytes.writeInt32LE(target, at + 1);
  };
  call(4, 100);
  call(10, -5);
  call(16, -50);
  call(22, 12_000_000);
  call(30, 7);
  const out = Buffer.from(decompress(stored([...bytes]), 40));
  expect([5, 11, 17, 23, 31].map((at) => out.readInt32LE(at))).toEqual([96, 11_999_995, -50, 12_000_000, 7]);
});

it.each<[string, number[], number]>([
  ['of no known type', stored([1, 2], 4), 2],
  ['of no length', stored([], STORED, 0), 2],
  ['that is longer than its chunk', stored([1, 2, 3, 4]), 3],
  ['that is cut off', stored([1, 2, 3, 4]).slice(0, 18), 4],
  ['without its distances', stored([1, 2]).slice(0, 8), 2],
  ['whose codes are none', [0x00, 0x20, 0x00, 0x20, 0, 0, 0, 0, 0, 0, 0, 0], 2],
])('A block %s is damage', (_, bytes, size) => {
  expect(() => decompress(bytes, size)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
});
