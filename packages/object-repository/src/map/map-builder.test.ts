import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DiskMap } from './disk-map.ts';
import { MapBuilder } from './map-builder.ts';
import { depthOf, FAN_OUT, MapNode, ZERO_ID } from './map-node.ts';

const id = (seed: number): Uint8Array => createHash('sha256').update(`chunk ${seed}`).digest();

function createStore() {
  const chunks = new Map<string, Uint8Array>();
  return {
    chunks,
    store: async (chunk: Uint8Array) => {
      const name = createHash('sha256').update(chunk).digest();
      chunks.set(name.toString('hex'), chunk);
      return name;
    },
    load: async (name: Uint8Array) => chunks.get(Buffer.from(name).toString('hex')) ?? new Uint8Array(),
  };
}

type Store = ReturnType<typeof createStore>;
type Change = readonly [first: number, end: number, seed: number | 'zeros'];

async function build(store: Store, chunks: number, base: DiskMap | undefined, changes: readonly Change[]) {
  const builder = new MapBuilder(chunks, base, store.store);
  for (const [first, end, seed] of changes) {
    if (seed === 'zeros') await builder.setZeros(first, end);
    else for (let at = first; at < end; at += 1) await builder.set(at, id(seed + at));
  }
  return new DiskMap(await builder.finish(), chunks, store.load);
}

async function expectIds(map: DiskMap, model: ReadonlyMap<number, Uint8Array>, probes: readonly number[]) {
  for (const at of probes)
    expect(Buffer.from(await map.idAt(at)).toString('hex'), `chunk ${at}`).toBe(
      Buffer.from(model.get(at) ?? ZERO_ID).toString('hex'),
    );
}

describe('the map of a disk', () => {
  it.each([
    [1, 1],
    [FAN_OUT, 1],
    [FAN_OUT + 1, 2],
    [FAN_OUT ** 2, 2],
    [FAN_OUT ** 2 + 1, 3],
  ])('of %i chunks has %i levels', (chunks, depth) => {
    expect(depthOf(chunks)).toBe(depth);
  });

  it('is its base with the changes over it, and stores only the nodes on their way', async () => {
    const store = createStore();
    const chunks = FAN_OUT ** 2 + 5000;
    const base = await build(store, chunks, undefined, [
      [0, 3000, 0],
      [FAN_OUT ** 2 - 2, FAN_OUT ** 2 + 2, 0],
    ]);
    const before = store.chunks.size;
    const next = await build(store, chunks, base, [[2048, 2049, 7_000_000]]);
    expect(store.chunks.size - before).toBe(3);
    const model = new Map(Array.from({ length: 3000 }, (_, at) => [at, id(at)]));
    for (let at = FAN_OUT ** 2 - 2; at < FAN_OUT ** 2 + 2; at += 1) model.set(at, id(at));
    const probes = [
      0,
      2047,
      2048,
      2049,
      2999,
      3000,
      FAN_OUT ** 2 - 3,
      FAN_OUT ** 2 - 2,
      FAN_OUT ** 2 + 1,
      chunks - 1,
    ];
    await expectIds(base, model, probes);
    await expectIds(next, model.set(2048, id(7_002_048)), probes);
  });

  it('has the same root for the same content, whatever way it was made', async () => {
    const store = createStore();
    const chunks = 3 * FAN_OUT;
    const whole = await build(store, chunks, undefined, [
      [0, 10, 0],
      [2100, 2110, 0],
    ]);
    const more = await build(store, chunks, undefined, [[0, 2110, 0]]);
    const less = await build(store, chunks, more, [[10, 2100, 'zeros']]);
    expect(less.root).toEqual(whole.root);
    const none = await build(store, chunks, more, [[0, chunks, 'zeros']]);
    expect(none.root).toEqual(ZERO_ID);
  });

  it('grows with its disk, deeper too, and keeps its nodes', async () => {
    const store = createStore();
    const base = await build(store, 700, undefined, [[0, 700, 0]]);
    const model = new Map(Array.from({ length: 700 }, (_, at) => [at, id(at)]));
    const same = await build(store, 2 * FAN_OUT ** 2, base, []);
    await expectIds(same, model, [0, 699, 700, FAN_OUT, FAN_OUT ** 2, 2 * FAN_OUT ** 2 - 1]);
    const before = store.chunks.size;
    const grown = await build(store, 2 * FAN_OUT ** 2, base, [[FAN_OUT ** 2, FAN_OUT ** 2 + 1, 0]]);
    expect(store.chunks.size - before).toBe(3); // a leaf, its parent, and the root over both; the old part is there
    await expectIds(grown, model.set(FAN_OUT ** 2, id(FAN_OUT ** 2)), [0, 699, 700, FAN_OUT ** 2]);
  });

  it('gives its root again when it is finished again, and takes nothing more', async () => {
    const { store } = createStore();
    const builder = new MapBuilder(FAN_OUT + 1, undefined, store);
    await builder.set(0, id(1));
    const root = await builder.finish();
    expect(root).not.toEqual(ZERO_ID);
    expect(await builder.finish()).toEqual(root);
    await expect(builder.set(1, id(2))).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });

  it('has no root any more once a node could not be stored', async () => {
    const { store } = createStore();
    let puts = 0;
    const builder = new MapBuilder(2 * FAN_OUT, undefined, async (chunk) => {
      puts += 1;
      if (puts === 1) throw new Error('the store is away');
      return store(chunk);
    });
    await builder.set(0, id(1));
    await expect(builder.set(FAN_OUT, id(2))).rejects.toThrow('away');
    await expect(builder.finish()).rejects.toThrow('away');
    await expect(builder.finish()).rejects.toThrow('away');
  });

  it('makes a huge range zeros by a few nodes', async () => {
    const store = createStore();
    const chunks = FAN_OUT ** 3;
    const base = await build(store, chunks, undefined, [[5, 6, 0]]);
    const before = store.chunks.size;
    const next = await build(store, chunks, base, [[6, chunks, 'zeros']]);
    expect(next.root).toEqual(base.root);
    expect(store.chunks.size).toBe(before);
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['another magic', Buffer.from(`SNDX${'\0'.repeat(44)}`)],
    ['zeros at its end', nodeWith((bytes) => Buffer.concat([bytes, new Uint8Array(32)]), 2)],
    ['another length than it says', nodeWith((bytes) => Buffer.concat([bytes, new Uint8Array(32)]), 1)],
    ['more ids than a node has', nodeWith((bytes) => bytes, 1025)],
    ['another level', nodeWith((bytes) => bytes.fill(1, 5, 6), 1)],
    ['another version', nodeWith((bytes) => bytes.fill(2, 4, 5), 1)],
  ])('calls a node of %s CORRUPT', (_what, bytes) => {
    expect(() => MapNode.parse(bytes, 0, 'node')).toThrow(/node/);
  });
});

function nodeWith(change: (bytes: Buffer) => Uint8Array, count: number): Uint8Array {
  const node = MapNode.empty();
  node.set(0, id(1));
  const bytes = Buffer.from(node.serialize(0) ?? []);
  bytes.writeUInt32LE(count, 8);
  return change(bytes);
}
