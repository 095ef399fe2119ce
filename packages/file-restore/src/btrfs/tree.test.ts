import type { SendenseError } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { damaged } from '../bytes/damage.ts';
import { rangeOf } from './key.ts';
import { type Node, parseNode } from './node.ts';
import type { NodeStore } from './node-store.ts';
import { Tree } from './tree.ts';

const BLOCK = 4096;
const TYPE = 1;

/** A block of level 0 with items of these objects, or of level 1 with pointers to the blocks that they lead to. */
function block(level: number, entries: readonly (readonly [object: number, leadsTo: number])[]): Node {
  const bytes = Buffer.alloc(BLOCK);
  bytes.writeUInt32LE(entries.length, 96);
  bytes.writeUInt8(level, 100);
  for (const [index, [object, leadsTo]] of entries.entries()) {
    const at = 101 + index * (level === 0 ? 25 : 33);
    bytes.writeBigUInt64LE(BigInt(object), at);
    bytes.writeUInt8(TYPE, at + 8);
    if (level === 0) bytes.writeUInt32LE(BLOCK - 101, at + 17);
    else bytes.writeBigUInt64LE(BigInt(leadsTo), at + 17);
  }
  const node = parseNode(bytes);
  if (typeof node === 'string') throw new TypeError(node);
  return node;
}

const leaf = (...objects: readonly number[]): Node =>
  block(
    0,
    objects.map((object) => [object, 0]),
  );

/** The tree whose root is block 0; a block that is not there is damaged. */
function treeOf(blocks: readonly (Node | undefined)[]): Tree {
  const read = async ({ logical }: { readonly logical: number }): Promise<Node> => {
    const node = blocks[logical];
    if (node === undefined) throw damaged(`block ${logical} is damaged`);
    return node;
  };
  const store = { read } as unknown as NodeStore;
  return new Tree(store, { logical: 0, generation: 1, level: blocks[0]?.level ?? 0 }, 5);
}

const ALL = { from: rangeOf(0, 0).from, to: rangeOf(1000, 0).to };

async function objectsOf(tree: Tree, range = ALL): Promise<number[]> {
  return (await collect(tree.itemsIn(range))).flat().map(({ key }) => key.objectId);
}

const SOUND = [
  block(1, [
    [10, 1],
    [20, 2],
    [30, 3],
  ]),
  leaf(10, 11),
  leaf(20, 21, 22),
  leaf(30),
];

it('The items of a tree come in their order, from one key to another', async () => {
  const tree = treeOf(SOUND);
  expect(await objectsOf(tree)).toEqual([10, 11, 20, 21, 22, 30]);
  expect(await objectsOf(tree, { from: rangeOf(11, TYPE).from, to: rangeOf(21, TYPE).to })).toEqual([
    11, 20, 21,
  ]);
  expect((await tree.lastUpTo(rangeOf(19, TYPE).from))?.key.objectId).toBe(11);
  expect(await tree.lastUpTo(rangeOf(9, TYPE).from)).toBeUndefined();
  expect(await tree.find(rangeOf(19, TYPE).from)).toBeUndefined();
});

it('What lies in a damaged block is told and left out where that is asked for, and ends it else', async () => {
  const tree = treeOf([SOUND[0], SOUND[1], undefined, SOUND[3]]);
  const told: SendenseError[] = [];
  const items = await collect(tree.itemsIn(ALL, undefined, (error) => told.push(error)));
  expect(items.flat().map(({ key }) => key.objectId)).toEqual([10, 11, 30]);
  expect(told).toMatchObject([{ code: 'CORRUPT', message: 'block 2 is damaged' }]);
  await expect(objectsOf(tree)).rejects.toMatchObject({ code: 'CORRUPT' });
});

it.each([
  [
    'names a block twice',
    [
      block(1, [
        [10, 1],
        [20, 1],
      ]),
      leaf(10, 11),
    ],
  ],
  [
    'has items behind what its parent says',
    [
      block(1, [
        [10, 1],
        [20, 2],
      ]),
      leaf(10, 25),
      leaf(20),
    ],
  ],
  ['has items before what its parent says', [block(1, [[10, 1]]), leaf(9, 10)]],
  ['has an empty leaf', [block(1, [[10, 1]]), leaf()]],
])('A tree that %s is damaged', async (_title, blocks) => {
  await expect(objectsOf(treeOf(blocks))).rejects.toMatchObject({
    code: 'CORRUPT',
    message: expect.stringContaining('does not hold what its parent says'),
  });
});

it('An empty tree has nothing in it', async () => {
  expect(await objectsOf(treeOf([leaf()]))).toEqual([]);
});
