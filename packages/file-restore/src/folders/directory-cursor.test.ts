import { describe, expect, it } from 'vitest';
import { parseDirectoryBlock } from '../ext/directory.ts';
import { DirectoryCursor } from './directory-cursor.ts';

const BLOCK = 1024;
const SIZE = 32 * 2 ** 30;

/** A block with one entry. */
function block(name: string): Uint8Array {
  const bytes = Buffer.alloc(BLOCK);
  bytes.writeUInt32LE(12, 0);
  bytes.writeUInt16LE(BLOCK, 4);
  bytes[6] = name.length;
  bytes[7] = 1;
  bytes.write(name, 8);
  return bytes;
}

/** A folder of 32 GiB with blocks at some places, and how often it is read. */
function folderOf(blocks: ReadonlyMap<number, Uint8Array>) {
  const reads = { count: 0 };
  const nextData = (offset: number) => {
    reads.count += 1;
    const at = [...blocks.keys()].find((known) => known >= offset);
    return Promise.resolve(at === undefined ? undefined : { offset: at, length: BLOCK });
  };
  const load = ({ offset }: { readonly offset: number }): Promise<Uint8Array> => {
    reads.count += 1;
    return Promise.resolve(blocks.get(offset) ?? new Uint8Array(BLOCK));
  };
  const parse = (bytes: Uint8Array) => parseDirectoryBlock(bytes, true);
  return { load, nextData, parse, reads, sizeBytes: SIZE, blockBytes: BLOCK, hasHoles: false };
}

async function namesFrom(cursor: DirectoryCursor): Promise<string[]> {
  const names: string[] = [];
  for (let entry = await cursor.next(); entry !== undefined; entry = await cursor.next())
    names.push(entry.name);
  return names;
}

describe('a folder of 32 GiB that is nearly all hole', () => {
  it('is gone through by a few reads, and its hole is counted as damage', async () => {
    const folder = folderOf(
      new Map([
        [0, block('first')],
        [SIZE / 2, block('middle')],
        [SIZE - BLOCK, block('last')],
      ]),
    );
    const cursor = new DirectoryCursor({ ...folder, from: undefined });
    expect(await namesFrom(cursor)).toEqual(['first', 'middle', 'last']);
    expect(cursor.isAtEnd).toBe(true);
    expect(cursor.damagedBlocks).toBe(SIZE / BLOCK - 3);
    expect(folder.reads.count).toBeLessThan(20);
  });

  it('ends where only a hole follows, and goes on after any entry', async () => {
    const folder = folderOf(
      new Map([
        [0, block('first')],
        [SIZE / 2, block('middle')],
      ]),
    );
    const first = new DirectoryCursor({ ...folder, from: undefined });
    expect((await first.next())?.name).toBe('first');
    const second = new DirectoryCursor({ ...folder, from: first.position });
    expect(await namesFrom(second)).toEqual(['middle']);
    expect(second.isAtEnd).toBe(true);
    const third = new DirectoryCursor({ ...folder, from: second.position });
    expect(await namesFrom(third)).toEqual([]);
    expect(folder.reads.count).toBeLessThan(20);
  });
});
