import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { describe, expect, it } from 'vitest';
import { PackTable } from './pack-table.ts';
import { tableStorageIn } from './table-storage.ts';

const pack = (seed: number): string => createHash('sha256').update(`${seed}`).digest('hex').slice(0, 32);

describe('a table of packs', () => {
  it('knows each pack and its number, those that wait and those that are settled, and no other', async () => {
    await using table = await PackTable.open(tableStorageIn(nodeFileSystem, tmpdir()));
    const packs = Array.from({ length: 20_000 }, (_, seed) => pack(seed));
    for (const [number, id] of packs.entries()) table.add(id, number);
    await table.settle();
    for (const id of packs.slice(0, 10)) table.add(id, 7); // again, as one that waits
    table.add(pack(-1), 1);
    expect(await table.getAll(packs.slice(10))).toEqual(packs.slice(10).map((_, index) => index + 10));
    expect(await table.get(pack(-1))).toBe(1);
    expect(await table.get(pack(-2))).toBeUndefined();
    expect(await table.get('0'.repeat(32))).toBeUndefined();
    const told = new Set<string>();
    await table.each(async (some) => {
      for (const id of some) told.add(id);
    });
    expect(told).toEqual(new Set([...packs, pack(-1)]));
  });
});
