import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { describe, expect, it } from 'vitest';
import { ChunkTable } from './chunk-table.ts';
import { PackIdSet } from './pack-id-set.ts';
import { type ChunkPlace, RECORD_BYTES, serializeRecord } from './table-page.ts';
import { tableStorageIn } from './table-storage.ts';

const id = (seed: number): Buffer => createHash('sha256').update(`chunk ${seed}`).digest();
const pack = (seed: number): string => id(-1 - seed).toString('hex', 0, 16);
const record = (seed: number, of = seed % 7): Buffer =>
  serializeRecord(id(seed), { pack: pack(of), offset: seed, length: seed + 1 });
const inMemory = tableStorageIn(nodeFileSystem, tmpdir());

describe('a chunk table', () => {
  it('finds every chunk that was added, in batches and one by one, and no other', async () => {
    await using table = await ChunkTable.open(inMemory);
    await table.add(Buffer.concat(Array.from({ length: 5000 }, (_, seed) => record(seed))));
    for (let seed = 5000; seed < 5200; seed += 1) await table.add(record(seed));
    expect(table.count).toBe(5200);
    for (let seed = 0; seed < 5200; seed += 1)
      expect(await table.find(id(seed))).toEqual({ pack: pack(seed % 7), offset: seed, length: seed + 1 });
    for (let seed = 5200; seed < 5400; seed += 1) expect(await table.find(id(seed))).toBeUndefined();
  });

  it('keeps one copy for each pack, and gives the one that is accepted', async () => {
    await using table = await ChunkTable.open(inMemory);
    await table.add(Buffer.concat([record(1, 1), record(1, 2), record(1, 1)]));
    expect(table.count).toBe(2);
    expect(await table.find(id(1), ({ pack: of }) => of === pack(2))).toMatchObject({ pack: pack(2) });
    expect(await table.find(id(1), () => false)).toBeUndefined();
    expect((await table.copiesOf(id(1))).map(({ at }) => at.pack)).toEqual([pack(1), pack(2)]);
  });

  it('tells every copy of a chunk in many packs, more than a page holds, with its place', async () => {
    await using table = await ChunkTable.open(inMemory);
    const packs = Array.from({ length: 200 }, (_, of) => pack(of));
    await table.add(Buffer.concat(packs.map((_, of) => record(1, of))));
    const found: (ChunkPlace & { readonly place: number })[] = [];
    await table.visitCopies(Buffer.concat([id(2), id(1)]), (index, copies) => {
      expect(copies.count).toBe(index === 0 ? 0 : 200);
      for (let copy = 0; copy < copies.count; copy += 1) {
        expect(copies.isIn(copy, new PackIdSet([pack(copy)]))).toBe(true);
        found.push({ ...copies.at(copy), place: copies.place(copy) });
      }
    });
    const copies = await table.copiesOf(id(1));
    expect(found).toEqual(copies.map(({ at, place }) => ({ ...at, place })));
    expect(found.map(({ pack: of }) => of)).toEqual(packs);
    for (const { offset, length } of found) expect([offset, length]).toEqual([1, 2]);
  });

  it('finds ids that all belong to the last page', async () => {
    await using table = await ChunkTable.open(inMemory);
    const high = (seed: number) => Buffer.concat([Buffer.alloc(4, 0xff), id(seed).subarray(4)]);
    const records = Array.from({ length: 2000 }, (_, seed) =>
      serializeRecord(high(seed), { pack: pack(0), offset: seed, length: 1 }),
    );
    await table.add(Buffer.concat(records));
    for (const seed of [0, 999, 1999]) expect(await table.find(high(seed))).toMatchObject({ offset: seed });
  });

  it('gives every record a place of its own', async () => {
    await using table = await ChunkTable.open(inMemory);
    await table.add(Buffer.concat(Array.from({ length: 3000 }, (_, seed) => record(seed))));
    const places = new Set<number>();
    for (let seed = 0; seed < 3000; seed += 1)
      for (const { place } of await table.copiesOf(id(seed))) places.add(place);
    expect(places.size).toBe(3000);
    expect(Math.max(...places)).toBeLessThan(table.places);
  });

  it('keeps a large table in a file without a name, which no crash leaves behind, and finds while it grows', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sendense-table-'));
    try {
      const table = await ChunkTable.open(tableStorageIn(nodeFileSystem, folder));
      const all = Buffer.alloc(150_000 * RECORD_BYTES);
      for (let seed = 0; seed < 150_000; seed += 1) all.set(record(seed), seed * RECORD_BYTES);
      const adding = table.add(all);
      const early = table.find(id(3));
      await adding;
      expect(await readdir(folder)).toEqual([]);
      expect(await openFilesIn(folder)).toHaveLength(1);
      expect(await early).toMatchObject({ offset: 3 });
      for (let seed = 0; seed < 150_000; seed += 997)
        expect(await table.find(id(seed))).toMatchObject({ offset: seed });
      expect(table.count).toBe(150_000);
      await table[Symbol.asyncDispose]();
      expect(await openFilesIn(folder)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** What this process has open of a folder, by name or not (Linux). */
async function openFilesIn(folder: string): Promise<readonly string[]> {
  const open = await readdir('/proc/self/fd');
  const paths = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return paths.filter((path) => path.startsWith(folder));
}
