import { soloFence } from '@sendense/plugin-kit';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import type { ObjectRepository } from '../src/object-repository.ts';
import { create, dataPacks, first, keysOf, open, twin } from './hurt-objects.ts';
import type { SharedObjects, StoreOperation } from './memory-store.ts';
import { draftOf, writeDisk, writeSample } from './sample-disk.ts';

const rebuild = async (shared: SharedObjects) => {
  await using repository = await open(shared);
  await repository.maintenance.rebuildIndex();
};

/** What is wrong by a verification; `act` happens once before the first operation that `isThen` tells. */
async function verifyBeside(
  shared: SharedObjects,
  isThen: (operation: StoreOperation) => boolean,
  act: () => Promise<unknown>,
) {
  let acts = 0;
  await using repository = await open(shared, async (operation, run) => {
    if (acts === 0 && isThen(operation)) {
      acts += 1;
      await act();
    }
    run();
  });
  const findings = await collect(repository.verify({ depth: 'data' }));
  expect(acts).toBe(1);
  return findings.filter(({ severity }) => severity === 'error');
}

/** A backup writes the twin of a point; the index is made again and names its packs as young. */
async function youngTwin(shared: SharedObjects, other: ObjectRepository) {
  const before = new Set(dataPacks(shared));
  const writer = await other.begin(draftOf(twin), soloFence);
  await writeDisk(writer, twin);
  const [pack = ''] = dataPacks(shared).filter((key) => !before.has(key));
  return { writer, pack };
}

describe('a verification tells in the run in which it finds it that a pack is lost', () => {
  it('which was young when it began, and is in the index by now', async () => {
    const shared = await create();
    await using other = await open(shared);
    const { writer, pack } = await youngTwin(shared, other);
    await rebuild(shared);
    const wrong = await verifyBeside(
      shared,
      ({ kind, key }) => kind === 'list' && key === 'packs/',
      async () => {
        await writer.commit([]);
        shared.objects.delete(pack);
      },
    );
    expect(wrong).toMatchObject([{ code: 'pack-missing', object: pack }]);
    expect(keysOf(shared, 'damage/')).toHaveLength(1);
  });

  it('which a young index object names and another one, too, once its chunks are read', async () => {
    const shared = await create();
    await using one = await open(shared);
    await using other = await open(shared);
    await using left = await one.begin(draftOf(first), soloFence);
    const { writer, pack } = await youngTwin(shared, other);
    await writeDisk(left, first);
    await left.commit([]);
    await rebuild(shared);
    let reads = 0;
    const wrong = await verifyBeside(
      shared,
      // its directory is read first
      ({ kind, key }) => {
        if (kind === 'get' && key === pack) reads += 1;
        return reads > 1;
      },
      async () => {
        await writer.commit([]);
        shared.objects.delete(pack);
      },
    );
    expect(wrong).toMatchObject([{ code: 'pack-damaged', object: pack }]);
    expect(keysOf(shared, 'damage/')).toHaveLength(1);
  });

  it('whose index object was replaced while it was looked at', async () => {
    const shared = await create();
    await using repository = await open(shared);
    const { id } = await writeSample(repository, first);
    await repository.maintenance.delete(id);
    const [pack = ''] = dataPacks(shared);
    const [index = ''] = keysOf(shared, 'index/');
    const kept = shared.objects.get(pack);
    shared.objects.delete(pack);
    const wrong = await verifyBeside(
      shared,
      ({ kind, key }) => kind === 'head' && key === index,
      async () => {
        if (kept !== undefined) shared.objects.set(pack, kept);
        await rebuild(shared);
        shared.objects.delete(pack);
      },
    );
    expect(keysOf(shared, 'index/')).not.toContain(index);
    expect(wrong).toMatchObject([{ code: 'pack-missing', object: pack }]);
  });
});
