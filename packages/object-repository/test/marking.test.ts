import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { ChunkTable } from '../src/index/chunk-table.ts';
import type { IndexedPack } from '../src/index/index-object.ts';
import { PackIdSet } from '../src/index/pack-id-set.ts';
import { serializeRecord } from '../src/index/table-page.ts';
import { LivePacks } from '../src/maintain/live-packs.ts';
import { MapBuilder } from '../src/map/map-builder.ts';
import { CHUNK_KINDS } from '../src/packs/pack-directory.ts';
import { lateStorage } from './table-model.ts';

const CHUNK_BYTES = 4096;
/** Distinct chunks; the disks need most of them. */
const CHUNKS = 3000;
const PACKS = 60;
const DISKS = 4;
/** Chunks of a disk, five nodes: those of all disks are many more than the table has. */
const DISK_CHUNKS = 5000;
const FRAME_BYTES = 1000;

const hash = (name: string): Buffer => createHash('sha256').update(name).digest();
const idOf = (chunk: number): Buffer => hash(`chunk ${chunk}`);
const packOf = (pack: number): string => hash(`pack ${pack}`).toString('hex', 0, 16);
const packsFrom = (first: number, end: number) =>
  new PackIdSet(Array.from({ length: end - first }, (_, index) => packOf(first + index)));

/** Nodes of maps by the hex of their ids, and the ids that each disk needs. */
async function randomDisks(random: () => number) {
  const nodes = new Map<string, Uint8Array>();
  const needed = new Map<string, Buffer>();
  const need = (id: Buffer) => needed.set(id.toString('hex'), id);
  const roots: string[] = [];
  for (let disk = 0; disk < DISKS; disk += 1) {
    const map = new MapBuilder(DISK_CHUNKS, undefined, async (node) => {
      const id = createHash('sha256').update(node).digest();
      nodes.set(id.toString('hex'), Uint8Array.from(node));
      need(id);
      return id;
    });
    for (let chunk = 0; chunk < DISK_CHUNKS; chunk += 1) {
      if (random() < 0.1) continue; // zeros
      // neighbouring nodes share most chunks, and the last one has some of its own
      const id = idOf(100 * (disk * 5 + Math.floor(chunk / 1024)) + seededInteger(random, 600));
      need(id);
      await map.set(chunk, id);
    }
    roots.push(Buffer.from(await map.finish()).toString('hex'));
  }
  return { nodes, roots, needed: [...needed.values()] };
}

/** Stores each id in one to three packs, and some in one that has nothing else. */
async function store(table: ChunkTable, ids: readonly Buffer[], random: () => number) {
  const packs = new Map<string, Buffer[]>();
  const records: Buffer[] = [];
  for (const id of ids)
    for (let copies = 1 + seededInteger(random, 3); copies > 0; copies -= 1) {
      const pack = random() < 0.01 ? id.toString('hex', 0, 16) : packOf(seededInteger(random, PACKS));
      const held = packs.get(pack) ?? [];
      if (held.some((other) => other.equals(id))) continue;
      packs.set(pack, [...held, id]);
      records.push(serializeRecord(id, { pack, offset: held.length * FRAME_BYTES, length: FRAME_BYTES }));
    }
  await table.add(Buffer.concat(records));
  return [...packs].map(([id, held]) => indexed(id, held));
}

function indexed(id: string, held: readonly Buffer[]): IndexedPack {
  const entries = held.map((each) => ({ id: each, length: FRAME_BYTES, kind: CHUNK_KINDS.disk }));
  return { id, sizeBytes: held.length * FRAME_BYTES, entries };
}

/** One pack more, of further copies of some ids. */
async function storeAgain(table: ChunkTable, pack: string, ids: readonly Buffer[]): Promise<IndexedPack> {
  const at = (index: number) => ({ pack, offset: index * FRAME_BYTES, length: FRAME_BYTES });
  await table.add(Buffer.concat(ids.map((id, index) => serializeRecord(id, at(index)))));
  return indexed(pack, ids);
}

/** The copies that count by a walk from id to id: of each the first one in no pack that is avoided, else the first. */
async function walk(table: ChunkTable, ids: readonly Buffer[], avoided: PackIdSet) {
  const counting = new Map<string, string>();
  for (const id of ids) {
    const copies = await table.copiesOf(id);
    const copy = copies.find(({ at }) => !avoided.has(at.pack)) ?? copies[0] ?? assert.fail('no copy');
    counting.set(id.toString('hex'), copy.at.pack);
  }
  return counting;
}

const idsIn = ({ entries }: IndexedPack, isMeant: (id: string) => boolean): readonly string[] =>
  entries.map(({ id }) => Buffer.from(id).toString('hex')).filter(isMeant);

describe('packs that points need', () => {
  it.each([1, 2, 3])('are those of a plain walk, found in many small batches (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const createTable = lateStorage(random);
    await using table = await ChunkTable.open(createTable);
    const { nodes, roots, needed } = await randomDisks(random);
    const chunks = Array.from({ length: CHUNKS }, (_, chunk) => idOf(chunk));
    const stored = await store(
      table,
      [...chunks, ...[...nodes.keys()].map((id) => Buffer.from(id, 'hex'))],
      random,
    );
    const [avoided, unsure, damaged] = [packsFrom(0, 12), packsFrom(8, 12), packsFrom(12, 20)];
    const before = await walk(table, needed, avoided);
    const inPacks = (some: PackIdSet) =>
      needed.filter((id) => some.has(before.get(id.toString('hex')) ?? assert.fail('no copy'))).slice(0, 40);
    const standIn = await storeAgain(table, packOf(PACKS), inPacks(damaged));
    const needless = await storeAgain(table, packOf(PACKS + 1), inPacks(packsFrom(20, PACKS)));
    const packs = [...stored, standIn, needless];
    expect(DISKS * DISK_CHUNKS).toBeGreaterThan(2 * table.count);
    const context = {
      createTable,
      configuration: { chunkBytes: CHUNK_BYTES },
      index: { table: async () => table },
      chunks: {
        useAll: <T>(ids: readonly Uint8Array[], use: (chunk: Uint8Array, index: number) => T) =>
          ids.map(async (id, index) =>
            use(nodes.get(Buffer.from(id).toString('hex')) ?? assert.fail('no node'), index),
          ),
        isWhole: async (_id: Uint8Array, { pack }: { readonly pack: string }) => !damaged.has(pack),
      },
    };
    const disks = roots.map((root) => ({ root, sizeBytes: DISK_CHUNKS * CHUNK_BYTES }));
    const points = [{ record: { disks, artifacts: [] } }];
    const request = { points, avoided: [avoided], unsure, check: async () => undefined, batch: 1500 };
    await using live = await LivePacks.find(context, request);
    const counting = await walk(table, needed, avoided);

    for (const pack of packs) {
      const frames = await live.countingFrames(pack);
      const ids = idsIn(pack, (id) => counting.get(id) === pack.id);
      expect(frames.map(({ entry }) => Buffer.from(entry.id).toString('hex'))).toEqual(ids);
      expect((await live.packs.get(pack.id)) ?? 0).toBe(ids.length * FRAME_BYTES);
    }
    const found = new Set<string>();
    await live.packs.each(async (some) => {
      for (const pack of some) found.add(pack);
    });
    expect(found).toEqual(new Set(counting.values()));
    const isLost = (pack?: string) => pack !== undefined && (unsure.has(pack) || damaged.has(pack));
    const kept = packs.filter(
      (pack) => found.has(pack.id) || idsIn(pack, (id) => isLost(counting.get(id))).length > 0,
    );
    expect(new Set((await live.neededOf(packs)).keys())).toEqual(new Set(kept.map(({ id }) => id)));
    expect(found.has(standIn.id)).toBe(false);
    expect(kept).toContain(standIn);
    expect(kept).not.toContain(needless);
  });
});
