import { expect, it } from 'vitest';
import { Fields } from '../bytes/fields.ts';
import { compareKeys, readKey } from './key.ts';
import { type Node, parseNode } from './node.ts';

type MadeKey = readonly [objectId: bigint, type: number, offset: bigint];

function keyBytes([objectId, type, offset]: MadeKey): Buffer {
  const bytes = Buffer.alloc(17);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, objectId), 0);
  bytes.writeUInt8(type, 8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, offset), 9);
  return bytes;
}

/** A leaf of items without data; its head says no more than how many they are. */
function leaf(keys: readonly MadeKey[]): Node | string {
  const bytes = Buffer.alloc(4096);
  bytes.writeUInt32LE(keys.length, 96);
  for (const [index, key] of keys.entries()) {
    const at = 101 + index * 25;
    bytes.set(keyBytes(key), at);
    bytes.writeUInt32LE(4096 - 101, at + 17);
  }
  return parseNode(bytes);
}

it('Items of objects that have marks for numbers stand in the order of their marks', () => {
  // a tree for data that are moved, and a subvolume that was deleted and is not cleaned away
  const node = leaf([
    [256n, 132, 0n],
    [-9n, 132, 0n],
    [-5n, 48, 300n],
    [-5n, 48, -3n],
    [-1n, 0, -1n],
  ]);
  expect(node).toMatchObject({ level: 0 });
  expect(
    leaf([
      [-5n, 48, 300n],
      [-9n, 132, 0n],
    ]),
  ).toBe('has items out of order');
});

it.each<[string, MadeKey]>([
  ['an object', [256n, 1, 0n]],
  ['a mark', [-10n, 128, 4096n]],
  ['an object beyond all', [1n << 60n, 1, 0n]],
  ['an offset beyond all', [256n, 84, 1n << 63n]],
])('Two items with one key, of %s, are damage', (_title, key) => {
  expect(leaf([key])).toMatchObject({ level: 0 });
  expect(leaf([key, key])).toBe('has items out of order');
});

it('Numbers of keys keep their order up to the last one', () => {
  const numbers = [0n, 1n, (1n << 53n) - 4099n, 1n << 63n, -4096n, -4095n, -256n, -1n];
  const keys = numbers.map((number) => readKey(new Fields(keyBytes([number, 0, number])), 0));
  for (const [index, key] of keys.slice(1).entries())
    expect(compareKeys(keys[index] ?? key, key), `${numbers[index]}`).toBeLessThan(0);
  for (const { objectId, offset } of keys) expect([objectId, offset].every(Number.isSafeInteger)).toBe(true);
});
