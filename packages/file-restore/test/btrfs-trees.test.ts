import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { loadChecksum } from '../src/btrfs/checksum.ts';
import { CHECKSUMS_OBJECT, ITEM, rangeOf } from '../src/btrfs/key.ts';
import { type Node, parseNode } from '../src/btrfs/node.ts';
import type { NodeStore } from '../src/btrfs/node-store.ts';
import { Tree } from '../src/btrfs/tree.ts';
import { damaged } from '../src/bytes/damage.ts';
import { BLOCK, MadeBlocks, type MadeKey } from './support/made-btrfs.ts';

const OWNER = 7;
const RANGE = rangeOf(CHECKSUMS_OBJECT, ITEM.extentChecksum);
const blocks = new MadeBlocks(await loadChecksum(0), Buffer.alloc(16), 1);

const keyAt = (offset: number): MadeKey => [-10, ITEM.extentChecksum, offset];
const leaf = (logical: number, offsets: readonly number[]): Buffer =>
  blocks.leaf(
    logical,
    OWNER,
    offsets.map((offset) => [keyAt(offset), Buffer.alloc(4)]),
  );

/** A tree whose root is the last of some blocks, and how often one was read. */
function treeOf(...made: readonly Buffer[]): { tree: Tree; reads: () => number } {
  const nodes = new Map(made.map((bytes) => [Number(bytes.readBigUInt64LE(48)), parseNode(bytes)]));
  let reads = 0;
  const read = ({ logical }: { logical: number }): Promise<Node> => {
    reads += 1;
    const node = nodes.get(logical);
    return typeof node === 'object' ? Promise.resolve(node) : Promise.reject(damaged(`the block ${node}`));
  };
  const [logical = 0] = [...nodes.keys()].slice(-1);
  const root = { logical, generation: 1, level: made.at(-1)?.readUInt8(100) ?? 0 };
  const tree = new Tree({ read } as unknown as NodeStore, root, OWNER);
  return { tree, reads: () => reads };
}

it('Blocks that name one child again and again, by one mark, are damage and not read again', async () => {
  const again = (logical: number, level: number, child: number): Buffer =>
    blocks.inner(
      logical,
      OWNER,
      level,
      Array.from({ length: 121 }, () => [keyAt(10), child] as const),
    );
  const { tree, reads } = treeOf(
    leaf(BLOCK, [10]),
    again(2 * BLOCK, 1, BLOCK),
    again(3 * BLOCK, 2, 2 * BLOCK),
  );
  await expect(collect(tree.itemsIn(RANGE))).rejects.toMatchObject({ code: 'CORRUPT' });
  expect(reads()).toBe(1);
});

it('A leaf that reaches beyond where the next one begins is damage, also among marks', async () => {
  const { tree } = treeOf(
    leaf(BLOCK, [10, 35]),
    leaf(2 * BLOCK, [30]),
    blocks.inner(3 * BLOCK, OWNER, 1, [
      [keyAt(10), BLOCK],
      [keyAt(30), 2 * BLOCK],
    ]),
  );
  await expect(collect(tree.itemsIn(RANGE))).rejects.toThrow('does not hold what its parent says');
});
