import { expect, it } from 'vitest';
import { Fields } from '../bytes/fields.ts';
import { type Chunk, parseChunk, parseSystemChunks } from './chunk.ts';

const KEY = { objectId: 256, type: 228, offset: 2 ** 20 };
const STRIPE = 65_536;

/** A chunk item of `stripes` stripes, on devices 1 and on. */
function item(
  type: number,
  stripes: number,
  changes: { length?: number; together?: number; stripe?: number } = {},
): Buffer {
  const bytes = Buffer.alloc(48 + stripes * 32);
  bytes.writeBigUInt64LE(BigInt(changes.length ?? STRIPE * 12), 0);
  bytes.writeBigUInt64LE(BigInt(changes.stripe ?? STRIPE), 16);
  bytes.writeBigUInt64LE(BigInt(type), 24);
  bytes.writeUInt16LE(stripes, 44);
  bytes.writeUInt16LE(changes.together ?? 1, 46);
  for (let index = 0; index < stripes; index += 1) {
    bytes.writeBigUInt64LE(BigInt(index + 1), 48 + index * 32);
    bytes.writeBigUInt64LE(BigInt(index * 1000), 56 + index * 32);
  }
  return bytes;
}

function parse(bytes: Buffer): Chunk {
  return parseChunk(KEY, new Fields(bytes));
}

it.each([
  ['one copy', 1, 1, 1, [[1]]],
  ['two on one device', 0x20 | 4, 2, 1, [[1], [2]]],
  ['RAID1', 0x10 | 1, 2, 1, [[1], [2]]],
  ['RAID1 of four', 0x400 | 4, 4, 1, [[1], [2], [3], [4]]],
  ['RAID0', 0x8 | 1, 3, 1, [[1, 2, 3]]],
  [
    'RAID10',
    0x40 | 1,
    4,
    2,
    [
      [1, 3],
      [2, 4],
    ],
  ],
  ['RAID5, of which none is read', 0x80 | 1, 3, 1, []],
])('A chunk of %s has its copies', (_title, type, stripes, together, copies) => {
  const chunk = parse(item(type, stripes, { together }));
  expect(chunk.copies.map((copy) => copy.map(({ device }) => device))).toEqual(copies);
});

it.each([
  ['no stripes', item(1, 0)],
  ['stripes of another length', item(0x8, 3, { stripe: 4096 })],
  ['no length', item(1, 1, { length: 0 })],
  ['stripes that are cut off', item(0x10, 2).subarray(0, 100)],
  ['more stripes than copies', item(0x10, 3)],
  ['a length that its stripes do not fill', item(0x8, 3, { length: STRIPE * 4 })],
  ['pairs of three', item(0x40, 3, { together: 2 })],
])('A chunk with %s is damaged', (_title, bytes) => {
  expect(() => parse(bytes)).toThrow(/chunk/u);
});

it('The chunks of a superblock are read one after the other, and damage among them is noticed', () => {
  const key = Buffer.alloc(17);
  key.writeBigUInt64LE(256n, 0);
  key.writeUInt8(228, 8);
  key.writeBigUInt64LE(BigInt(2 ** 20), 9);
  const array = Buffer.concat([key, item(2, 1), key, item(0x22, 2)]);
  expect(parseSystemChunks(new Fields(array)).map(({ copies }) => copies.length)).toEqual([1, 2]);
  expect(() => parseSystemChunks(new Fields(array.subarray(0, array.byteLength - 1)))).toThrow('contradict');
  array.writeUInt8(1, 8);
  expect(() => parseSystemChunks(new Fields(array))).toThrow('contradict');
});
