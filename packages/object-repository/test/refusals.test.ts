import assert from 'node:assert/strict';
import { pointId, Secret } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, noObjects, type SharedObjects } from './memory-store.ts';
import {
  CHUNK_BYTES,
  chunkBytes,
  expectSample,
  type SamplePoint,
  sampleId,
  writeSample,
} from './sample-disk.ts';

const first: SamplePoint = { stream: 's', sequence: 1, disk: [1, 2, 3, 0] };
const second: SamplePoint = { stream: 's', sequence: 2, disk: [4, 5, 6, 0] };

async function twoPoints(): Promise<SharedObjects> {
  const shared = noObjects();
  const store = createMemoryStore(shared);
  await using repository = await createObjectRepository({ store, key: testKey, chunkBytes: CHUNK_BYTES });
  await writeSample(repository, first);
  await writeSample(repository, second);
  return shared;
}

const reopen = (shared: SharedObjects) =>
  openObjectRepository({ store: createMemoryStore(shared), key: testKey });

const keysOf = (shared: SharedObjects, prefix: string) =>
  [...shared.objects.keys()].filter((key) => key.startsWith(prefix)).sort();

/** Puts the objects of two keys in each other's place. */
function swap(shared: SharedObjects, prefix: string): void {
  const [one = '', two = ''] = keysOf(shared, prefix);
  const [left, right] = [shared.objects.get(one), shared.objects.get(two)];
  if (left === undefined || right === undefined) throw new TypeError(`there are no two ${prefix}`);
  shared.objects.set(one, right).set(two, left);
}

async function errorsOf(shared: SharedObjects): Promise<readonly string[]> {
  await using repository = await reopen(shared);
  const findings = await collect(repository.verify({ depth: 'data' }));
  return findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);
}

describe('a repository with a passphrase', () => {
  it('opens with it, with no other, and holds it nowhere', async () => {
    const shared = noObjects();
    const key = { passphrase: new Secret('correct horse') };
    const store = createMemoryStore(shared);
    const made = await createObjectRepository({ store, key, scryptCostLog2: 14 });
    await made[Symbol.asyncDispose]();
    await using opened = await openObjectRepository({ store, key });
    expect(opened.id).toBe(made.id);
    const wrong = { passphrase: new Secret('wrong horse') };
    const refused = openObjectRepository({ store, key: wrong });
    await expect(refused).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    await expect(openObjectRepository({ store, key: testKey })).rejects.toMatchObject({
      code: 'KEY_UNAVAILABLE',
    });
    for (const { bytes } of shared.objects.values())
      expect(Buffer.from(bytes).toString()).not.toContain('horse');
  });
});

describe('a store', () => {
  it('that ignores create-only puts is refused when the repository is made, and holds none', async () => {
    const shared = noObjects();
    const strict = createMemoryStore(shared);
    const careless = {
      ...strict,
      put: async (...[key, ...rest]: Parameters<typeof strict.put>) => {
        shared.objects.delete(key);
        return strict.put(key, ...rest);
      },
    };
    const made = createObjectRepository({ store: careless, key: testKey });
    await expect(made).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('create'),
    });
    expect([...shared.objects.keys()]).toEqual([]);
  });

  it('without a repository is told from one with a repository', async () => {
    const shared = noObjects();
    await expect(reopen(shared)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const store = createMemoryStore(shared);
    await (await createObjectRepository({ store, key: testKey }))[Symbol.asyncDispose]();
    await expect(createObjectRepository({ store, key: testKey })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
  });

  it('shows nothing of machines, streams, points and content', async () => {
    const shared = await twoPoints();
    // ids with their quotes: three bytes alone come up in sealed ones now and then
    const words = ['machine', 'disk-a', '"s-1"', 'instant', 'virtio'];
    const content = first.disk.filter((seed) => seed > 0).map((seed) => chunkBytes(seed).subarray(0, 16));
    const told = [...words, ...content].map((bytes) => Buffer.from(bytes));
    for (const [key, { bytes }] of shared.objects)
      for (const part of told)
        if (key !== 'sendense-object-repository')
          expect(Buffer.from(bytes).includes(part), `${part.toString('latin1')} in ${key}`).toBe(false);
    expect(keysOf(shared, 'points/').every((key) => /^points\/[0-9a-f]{32}\/\d{16}$/.test(key))).toBe(true);
  });
});

describe('objects in the place of others', () => {
  it.each([
    ['manifests', 'points/', 'manifest-damaged'],
    ['packs', 'packs/', '(?:pack|directory)-damaged'],
    ['index objects', 'index/', 'index-damaged'],
  ])('are found: %s', async (_what, prefix, code) => {
    const shared = await twoPoints();
    expect(await errorsOf(shared)).toEqual([]);
    swap(shared, prefix);
    expect(await errorsOf(shared)).toContainEqual(expect.stringMatching(code));
  });

  it('are refused although they are whole: a manifest at another sequence is no point', async () => {
    const shared = await twoPoints();
    const [one = ''] = keysOf(shared, 'points/');
    const object = shared.objects.get(one);
    if (object !== undefined) shared.objects.set(one.replace(/1$/, '9'), object);
    await using repository = await reopen(shared);
    expect((await collect(repository.points())).map(({ id }) => id)).toEqual(['s-1', 's-2']);
    expect(await errorsOf(shared)).toEqual(['manifest-damaged']);
  });
});

describe('a missing pack', () => {
  it('is named with the points that it hurts, and the others are restored', async () => {
    const shared = await twoPoints();
    const packs = keysOf(shared, 'packs/');
    for (const pack of packs) {
      const hurt: SharedObjects = { objects: new Map(shared.objects), nowMs: shared.nowMs };
      hurt.objects.delete(pack);
      await using repository = await reopen(hurt);
      const findings = await collect(repository.verify({ depth: 'structure' }));
      const points = findings.filter(({ code }) => code === 'disk-damaged').map(({ point }) => point);
      expect(findings).toContainEqual(expect.objectContaining({ code: 'pack-missing', object: pack }));
      expect(points).toHaveLength(1);
      for (const point of [first, second]) {
        const id = pointId(`s-${point.sequence}`);
        const read = expectSample(repository, id, point.disk);
        if (points.includes(id)) await expect(read).rejects.toMatchObject({ code: 'CORRUPT' });
        else await read;
      }
    }
  });

  it('keeps a prune from deleting anything where it holds a part of a map', async () => {
    const shared = await twoPoints();
    for (const pack of keysOf(shared, 'packs/')) shared.objects.delete(pack);
    const before = [...shared.objects.keys()];
    await using repository = await reopen(shared);
    await expect(repository.maintenance.prune({ last: 2 })).rejects.toMatchObject({ code: 'CORRUPT' });
    expect([...shared.objects.keys()]).toEqual(before);
  });
});

describe('a lost index', () => {
  it('is made again from the packs, whole or of damaged objects', async () => {
    const shared = await twoPoints();
    const [one = '', two = ''] = keysOf(shared, 'index/');
    const damaged = shared.objects.get(one);
    shared.objects.delete(two);
    if (damaged !== undefined) shared.objects.set(one, { ...damaged, bytes: damaged.bytes.subarray(1) });
    await using repository = await reopen(shared);
    await expect(expectSample(repository, pointId('s-1'), first.disk)).rejects.toMatchObject({
      code: 'CORRUPT',
    });
    const report = await repository.maintenance.rebuildIndex();
    expect(report).toEqual({
      packs: keysOf(shared, 'packs/').length,
      young: keysOf(shared, 'packs/').length,
      findings: [],
    });
    for (const point of [first, second])
      await expectSample(repository, pointId(`s-${point.sequence}`), point.disk);
    expect(await errorsOf(shared)).toEqual([]);
  });
});

describe('an index that is made again', () => {
  it('keeps what the old one knew of packs whose directory is damaged, cut ones too, and names them', async () => {
    const shared = await twoPoints();
    const [flipped = '', cut = ''] = keysOf(shared, 'packs/');
    change(shared, flipped, (bytes) =>
      bytes.fill(1 - ((bytes.at(-40) ?? 0) % 2), bytes.length - 40, bytes.length - 39),
    );
    change(shared, cut, (bytes) => bytes.subarray(0, -1));
    await using repository = await reopen(shared);
    const report = await repository.maintenance.rebuildIndex();
    expect(report.packs).toBe(keysOf(shared, 'packs/').length);
    expect(report.findings).toEqual([
      expect.objectContaining({ code: 'directory-damaged', object: flipped }),
      expect.objectContaining({ code: 'directory-damaged', object: cut }),
    ]);
    await using after = await reopen(shared);
    for (const point of [first, second])
      await expectSample(after, pointId(`s-${point.sequence}`), point.disk);
  });

  it.each([
    ['nothing', 0],
    ['a part of their header', 4],
    ['the first of their frames', CHUNK_BYTES * 1.5],
    ['more than a pack can be', 65 * 1024 * 1024],
  ])('can be read, and names only what is there, where packs are %s', async (_what, sizeBytes) => {
    const shared = await twoPoints();
    for (const pack of keysOf(shared, 'packs/'))
      change(shared, pack, (bytes) => Buffer.concat([bytes], sizeBytes));
    await using repository = await reopen(shared);
    await repository.maintenance.rebuildIndex();
    expect(await errorsOf(shared)).not.toContain('index-damaged');
    await using after = await reopen(shared);
    const again: SamplePoint = { ...second, stream: 'again' };
    await writeSample(after, again);
    await expectSample(after, sampleId(again), again.disk);
  });
});

function change(shared: SharedObjects, key: string, by: (bytes: Buffer) => Uint8Array): void {
  const object = shared.objects.get(key) ?? assert.fail(`there is no ${key}`);
  shared.objects.set(key, { ...object, bytes: by(Buffer.from(object.bytes)) });
}

describe('a rotation of keys', () => {
  it('opens with the new key, no more with the old one, and rewrites nothing', async () => {
    const shared = await twoPoints();
    const before = [...keysOf(shared, 'packs/'), ...keysOf(shared, 'points/')];
    const key = { passphrase: new Secret('new') };
    await using repository = await reopen(shared);
    const [old] = await repository.maintenance.keys();
    await expect(repository.maintenance.removeKey(old?.id ?? '')).rejects.toMatchObject({ code: 'CONFLICT' });
    await repository.maintenance.addKey(key, { label: 'new', costLog2: 14 });
    await repository.maintenance.removeKey(old?.id ?? '');
    await expect(reopen(shared)).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    await using opened = await openObjectRepository({ store: createMemoryStore(shared), key });
    await expectSample(opened, pointId('s-2'), second.disk);
    expect([...keysOf(shared, 'packs/'), ...keysOf(shared, 'points/')]).toEqual(before);
  });

  it.each([
    ['was changed', (bytes: Uint8Array) => changeField(bytes, 'label')],
    ['is no JSON any more', (bytes: Uint8Array) => bytes.subarray(1)],
  ])('keeps the old key when the new slot %s', async (_what, by) => {
    const shared = await twoPoints();
    await using repository = await reopen(shared);
    const [old] = await repository.maintenance.keys();
    const id = await repository.maintenance.addKey(testKey, { label: 'new' });
    change(shared, `keys/${id}`, by);
    const removed = repository.maintenance.removeKey(old?.id ?? '');
    await expect(removed).rejects.toMatchObject({ code: 'CONFLICT' });
    await (await reopen(shared))[Symbol.asyncDispose]();
    await repository.maintenance.removeKey(id);
    expect(keysOf(shared, 'keys/')).toEqual([`keys/${old?.id}`]);
  });

  it('keeps one of two keys when each is removed by another process at once', async () => {
    const shared = await twoPoints();
    await using one = await reopen(shared);
    await using two = await reopen(shared);
    await one.maintenance.addKey(testKey, { label: 'new' });
    const [left, right] = await one.maintenance.keys();
    await Promise.allSettled([
      one.maintenance.removeKey(left?.id ?? ''),
      two.maintenance.removeKey(right?.id ?? ''),
    ]);
    expect(keysOf(shared, 'keys/')).toHaveLength(1);
  });
});

/** A record of which one text is another. */
function changeField(bytes: Uint8Array, name: string): Uint8Array {
  const record: object = JSON.parse(Buffer.from(bytes).toString());
  return Buffer.from(JSON.stringify({ ...record, [name]: 'another' }));
}
