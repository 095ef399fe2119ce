import { soloFence } from '@sendense/plugin-kit';
import { expect, it } from 'vitest';
import { create, dataPacks, first, flip, GRACE_MS, keysOf, open } from './hurt-objects.ts';
import type { SharedObjects } from './memory-store.ts';
import { draftOf, expectSample, type SamplePoint, sampleId, writeDisk, writeSample } from './sample-disk.ts';

const gone: SamplePoint = { stream: 'b', sequence: 1, disk: [4, 5, 6] };
/** What it needs is stored already. */
const later: SamplePoint = { ...first, stream: 'c' };

it('a prune deletes no pack that only an index object names which is damaged since the prune began', async () => {
  const shared = await create();
  await using repository = await open(shared);
  await writeSample(repository, first);
  await writeSample(repository, gone);
  await repository.maintenance.delete(sampleId(gone));
  await repository.maintenance.prune({ last: 1 });
  shared.nowMs += GRACE_MS;
  await repository.maintenance.delete(sampleId(first));
  await using writer = await repository.begin(draftOf(later), soloFence);
  await writeDisk(writer, later);
  const known = new Set(keysOf(shared, 'index/'));
  await using pruner = await open(shared, async ({ kind, key }, run) => {
    if (kind === 'get' && key.startsWith('index/') && !known.has(key)) flip(shared, key);
    if (kind === 'get') known.add(key);
    run();
  });
  await expect(pruner.maintenance.prune({ last: 1 })).rejects.toMatchObject({ code: 'CORRUPT' });
  await writer.commit([]);
  await repository.maintenance.rebuildIndex();
  await expectSample(await open(shared), sampleId(later), later.disk);
});

const hurt: SamplePoint = { stream: 'd', sequence: 1, disk: [11, 12, 13] };
const older: SamplePoint = { stream: 'e', sequence: 1, disk: [21, 22, 23] };

/** A plan, a point whose pack is gone from store and index, and an other one that is whole. */
async function losePack(): Promise<SharedObjects> {
  const shared = await create();
  await using repository = await open(shared);
  await writeSample(repository, older);
  await writeSample(repository, first);
  await repository.maintenance.delete(sampleId(older));
  await repository.maintenance.prune({ last: 1 });
  expect(keysOf(shared, 'prune/plan-')).toHaveLength(1);
  const before = dataPacks(shared);
  await writeSample(repository, hurt);
  for (const key of dataPacks(shared)) if (!before.includes(key)) shared.objects.delete(key);
  await repository.maintenance.rebuildIndex();
  return shared;
}

it('a point that lost a pack can be deleted while there are plans; prune frees space again then', async () => {
  const shared = await losePack();
  await using repository = await open(shared);
  await expect(repository.maintenance.prune({ last: 1 })).rejects.toMatchObject({ code: 'CORRUPT' });
  expect(keysOf(shared, 'prune/plan-')).toHaveLength(1);
  await expect(repository.maintenance.delete(sampleId(hurt))).resolves.toMatchObject({
    removed: [sampleId(hurt)],
  });
  expect(keysOf(shared, 'prune/plan-')).toEqual([]);
  const packs = keysOf(shared, 'packs/').length;
  for (let round = 0; round < 3; round += 1) {
    await repository.maintenance.prune({ last: 1 });
    shared.nowMs += GRACE_MS;
  }
  expect(keysOf(shared, 'packs/').length).toBeLessThan(packs);
  await expectSample(repository, sampleId(first), first.disk);
});

it('a prune that is to remove a point which lost a pack does so while there are plans', async () => {
  const shared = await losePack();
  await using repository = await open(shared);
  await writeSample(repository, { ...hurt, sequence: 2, disk: [31] });
  const report = await repository.maintenance.prune({ last: 1 });
  expect(report.removed).toEqual([sampleId(hurt)]);
  await expectSample(repository, sampleId(first), first.disk);
});
