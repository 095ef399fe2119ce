import type { Finding } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { type ObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import {
  create,
  dataPacks,
  first,
  flip,
  GRACE_MS,
  keysOf,
  open,
  packsToDelete,
  twin,
} from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, type SharedObjects } from './memory-store.ts';
import { draftOf, expectSample, type SamplePoint, sampleId, writeDisk, writeSample } from './sample-disk.ts';

const HOUR_MS = 3600 * 1000;
const other: SamplePoint = { stream: 'c', sequence: 1, disk: [7, 8, 9] };

function removeAll(shared: SharedObjects, prefix: string): void {
  for (const key of keysOf(shared, prefix)) shared.objects.delete(key);
}

async function rebuild(shared: SharedObjects) {
  await using repository = await open(shared);
  return await repository.maintenance.rebuildIndex();
}

/** Stores anew a chunk that is damaged, and two others. */
const anew: SamplePoint = { stream: 'd', sequence: 1, disk: [1, 5, 6] };

/** A point as old as the grace whose chunks are damaged, and noted so. */
async function withDamage(): Promise<SharedObjects> {
  const shared = await create();
  await using repository = await open(shared);
  await writeSample(repository, first);
  for (const key of dataPacks(shared)) flip(shared, key);
  await collect(repository.verify({ depth: 'data' }));
  shared.nowMs += GRACE_MS;
  return shared;
}

describe('an index that is made again while a backup runs', () => {
  it('names the packs of the backup apart, so that nobody relies on them when it is given up', async () => {
    const shared = await create();
    await using one = await open(shared);
    await writeSample(one, other);
    const writer = await one.begin(draftOf(first), soloFence);
    const deletePacks = await packsToDelete(shared, () => writeDisk(writer, first));
    const before = keysOf(shared, 'packs/').length;
    expect(await rebuild(shared)).toMatchObject({ young: 1, findings: [] });
    await using two = await open(shared);
    const next = await two.begin(draftOf(twin), soloFence);
    await writeDisk(next, twin);
    await writer[Symbol.asyncDispose]();
    deletePacks();
    await next.commit([]);
    await next[Symbol.asyncDispose]();
    for (const point of [other, twin]) await expectSample(two, sampleId(point), point.disk);
    expect(keysOf(shared, 'packs/').length).toBeGreaterThanOrEqual(before);
  });

  it('names every young copy of what a point needs: the one that is deleted may be that of the backup', async () => {
    for (let turn = 0; turn < 8; turn += 1) {
      const shared = await create();
      await using one = await open(shared);
      await writeSample(one, first);
      removeAll(shared, 'index/');
      await using two = await open(shared);
      const writer = await two.begin(draftOf(twin), soloFence);
      const deletePacks = await packsToDelete(shared, () => writeDisk(writer, twin));
      await rebuild(shared);
      await writer[Symbol.asyncDispose]();
      deletePacks();
      await using three = await open(shared);
      await expectSample(three, sampleId(first), first.disk);
    }
  });

  it('lets nobody rely on what the backup stored in the place of damaged chunks', async () => {
    const shared = await withDamage();
    await using two = await open(shared);
    const writer = await two.begin(draftOf(anew), soloFence);
    const deletePacks = await packsToDelete(shared, () => writeDisk(writer, anew));
    await rebuild(shared);
    await using three = await open(shared);
    const later: SamplePoint = { stream: 'e', sequence: 1, disk: [6, 5, 1] };
    const next = await three.begin(draftOf(later), soloFence);
    await writeDisk(next, later);
    await writer[Symbol.asyncDispose]();
    deletePacks();
    await next.commit([]);
    await using four = await open(shared);
    await expectSample(four, sampleId(later), later.disk);
  });

  it('lets nobody rely on it either whose process has loaded the index again, and refuses none', async () => {
    const shared = await withDamage();
    await using two = await open(shared);
    await using writer = await two.begin(draftOf(anew), soloFence);
    const deletePacks = await packsToDelete(shared, () => writeDisk(writer, anew));
    await using three = await open(shared);
    const later: SamplePoint = { stream: 'e', sequence: 1, disk: [6, 5, 6] };
    await using next = await three.begin(draftOf(later), soloFence);
    await rebuild(shared);
    await using another = await three.begin(draftOf({ ...later, stream: 'f' }), soloFence);
    await writeDisk(next, later);
    await next.commit([]);
    await writeDisk(another, later);
    await another.commit([]);
    await writer[Symbol.asyncDispose]();
    deletePacks();
    await using four = await open(shared);
    for (const stream of ['e', 'f']) await expectSample(four, sampleId({ ...later, stream }), later.disk);
  });

  it('does not hinder the backup: it is committed and restores', async () => {
    const shared = await create();
    await using one = await open(shared);
    await writeSample(one, other);
    const writer = await one.begin(draftOf(twin), soloFence);
    await writeDisk(writer, twin);
    removeAll(shared, 'index/');
    await rebuild(shared);
    await expect(writer.commit([])).resolves.toMatchObject({ id: sampleId(twin) });
    await using two = await open(shared);
    for (const point of [other, twin]) await expectSample(two, sampleId(point), point.disk);
  });

  it('says nothing is wrong when the backup is given up, and its packs leave the index', async () => {
    const shared = await create();
    await using one = await open(shared);
    await writeSample(one, other);
    const writer = await one.begin(draftOf(first), soloFence);
    const deletePacks = await packsToDelete(shared, () => writeDisk(writer, first));
    removeAll(shared, 'index/');
    await rebuild(shared);
    const packs = keysOf(shared, 'packs/').length;
    await writer[Symbol.asyncDispose]();
    deletePacks();
    expect(keysOf(shared, 'packs/').length).toBeLessThan(packs);
    for (let round = 0; round < 3; round += 1) {
      expect(await errorsOf(one)).toEqual([]);
      expect(await one.maintenance.prune({ last: 1 })).toMatchObject({ findings: [] });
      await expectSample(await open(shared), sampleId(other), other.disk);
      shared.nowMs += GRACE_MS;
    }
    expect([...keysOf(shared, 'young/'), ...keysOf(shared, 'damage/')]).toEqual([]);
    await writeSample(one, first);
    await expectSample(await open(shared), sampleId(first), first.disk);
  });

  it('gives up no other copy for those of the backup', async () => {
    for (let turn = 0; turn < 8; turn += 1) {
      const shared = await create();
      await using one = await open(shared);
      await using two = await open(shared);
      await using writer = await one.begin(draftOf(first), soloFence);
      await writeDisk(writer, first);
      await writeSample(two, twin);
      await rebuild(shared);
      expect(await two.maintenance.prune({ last: 1 })).toMatchObject({ findings: [] });
      expect(keysOf(shared, 'prune/plan')).toEqual([]);
    }
  });

  it('names packs as old as the grace, and a backup that is given up later than that leaves them', async () => {
    const shared = await create();
    await using one = await open(shared);
    const writer = await one.begin(draftOf(first), soloFence);
    await writeDisk(writer, first);
    shared.nowMs += GRACE_MS;
    expect(await rebuild(shared)).toMatchObject({ young: 0, findings: [] });
    await using two = await open(shared);
    await writeSample(two, twin);
    await writer[Symbol.asyncDispose]();
    await using three = await open(shared);
    await expectSample(three, sampleId(twin), twin.disk);
  });
});

describe('an index that is made again', () => {
  it('finds what is left, and verify tells what points miss', async () => {
    const shared = await create();
    await using repository = await open(shared);
    await writeSample(repository, first);
    const [lost = ''] = dataPacks(shared);
    await writeSample(repository, other);
    shared.objects.delete(lost);
    removeAll(shared, 'index/');
    expect(await rebuild(shared)).toMatchObject({ findings: [] });
    await using after = await open(shared);
    await expectSample(after, sampleId(other), other.disk);
    expect(await errorsOf(after)).toMatchObject([{ code: 'disk-damaged', point: sampleId(first) }]);
  });

  it('loses nothing when the process dies at any of its operations', async () => {
    const written = await create();
    await using repository = await open(written);
    for (const point of [first, other]) await writeSample(repository, point);
    const [one = '', two = ''] = keysOf(written, 'index/');
    written.objects.delete(one);
    flip(written, two);
    let cuts = 0;
    for (let isCut = true; isCut; cuts += 1) {
      const shared = { objects: new Map(written.objects), nowMs: written.nowMs };
      let operations = 0;
      const store = createMemoryStore(shared, async (_, run) => {
        operations += 1;
        if (operations <= cuts) run();
        else throw new Error(`cut at ${operations}`);
      });
      isCut = await (async () => {
        await using dying = await openObjectRepository({ store, key: testKey });
        await dying.maintenance.rebuildIndex();
      })().then(
        () => false,
        () => true,
      );
      shared.nowMs += HOUR_MS; // so long a lock holds
      await using after = await open(shared);
      expect(await after.maintenance.rebuildIndex()).toMatchObject({ findings: [] });
      for (const point of [first, other]) await expectSample(after, sampleId(point), point.disk);
    }
    process.stdout.write(`object repository: ${cuts} cuts of a rebuild\n`);
    expect(cuts).toBeGreaterThan(20);
  });

  it('is refused while another process prunes, and sends nothing once another one may hold the lock', async () => {
    const shared = await create();
    await using repository = await open(shared);
    await writeSample(repository, first);
    let isLate = false;
    await using slow = await open(shared, async ({ kind, key }, run) => {
      if (kind === 'list' && key === 'packs/' && !isLate) {
        isLate = true;
        await expect(rebuild(shared)).rejects.toMatchObject({ code: 'LOCKED' });
        shared.nowMs += HOUR_MS;
        await rebuild(shared);
      }
      run();
    });
    removeAll(shared, 'index/');
    await expect(slow.maintenance.rebuildIndex()).rejects.toMatchObject({ code: 'FENCED' });
    expect(isLate).toBe(true);
    await using after = await open(shared);
    await expectSample(after, sampleId(first), first.disk);
  });
});

async function errorsOf(repository: ObjectRepository): Promise<readonly Finding[]> {
  const findings = await collect(repository.verify({ depth: 'data' }));
  return findings.filter(({ severity }) => severity === 'error');
}

describe('young index objects', () => {
  async function rebuilt(retention: boolean): Promise<SharedObjects> {
    const shared: SharedObjects = { ...(await create()), retention };
    await using one = await open(shared);
    await writeSample(one, first);
    removeAll(shared, 'index/');
    await rebuild(shared);
    expect(keysOf(shared, 'young/')).toHaveLength(1);
    return shared;
  }

  const prune = async (shared: SharedObjects) => {
    await using repository = await open(shared);
    await repository.maintenance.prune({ last: 1 });
  };

  it('stay as they are while a prune has nothing to change', async () => {
    const shared = await rebuilt(false);
    const young = keysOf(shared, 'young/');
    await prune(shared);
    expect(keysOf(shared, 'young/')).toEqual(young);
  });

  it('hinder no prune, and become no more, where object lock keeps them', async () => {
    const shared = await rebuilt(true);
    const young = keysOf(shared, 'young/');
    for (const key of young) {
      const object = shared.objects.get(key);
      if (object) shared.objects.set(key, { ...object, retainUntil: new Date(shared.nowMs + 4 * GRACE_MS) });
    }
    for (let round = 0; round < 4; round += 1) {
      await prune(shared);
      expect(keysOf(shared, 'young/')).toEqual(young);
      expect(keysOf(shared, 'index/')).toHaveLength(round < 2 ? 0 : 1);
      shared.nowMs += GRACE_MS / 2;
    }
    shared.nowMs += 4 * GRACE_MS;
    await prune(shared);
    expect(keysOf(shared, 'young/')).toEqual([]);
    await expectSample(await open(shared), sampleId(first), first.disk);
  });
});
