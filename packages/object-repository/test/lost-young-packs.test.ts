import { soloFence } from '@sendense/plugin-kit';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { create, dataPacks, first, GRACE_MS, keysOf, open, packsToDelete, twin } from './hurt-objects.ts';
import type { SharedObjects } from './memory-store.ts';
import { draftOf, expectSample, type SamplePoint, sampleId, writeDisk, writeSample } from './sample-disk.ts';

const other: SamplePoint = { stream: 'c', sequence: 1, disk: [7, 8, 9] };

/** Loses the index of two points, makes it again, and deletes the pack of chunks of the first. */
async function lose(): Promise<{ readonly shared: SharedObjects; readonly lost: string }> {
  const shared = await create();
  await using repository = await open(shared);
  await writeSample(repository, first);
  const [lost = ''] = dataPacks(shared);
  await writeSample(repository, other);
  for (const key of keysOf(shared, 'index/')) shared.objects.delete(key);
  expect(await repository.maintenance.rebuildIndex()).toMatchObject({ findings: [] });
  shared.objects.delete(lost);
  return { shared, lost };
}

describe('a pack that only a young index object names and that is lost', () => {
  it('hinders no prune when a point needs it, and the index names it as long as the point is there', async () => {
    const { shared, lost } = await lose();
    for (let round = 0; round < 3; round += 1) {
      await using repository = await open(shared);
      expect(await repository.maintenance.prune({ last: 1 })).toMatchObject({
        removed: [],
        findings: [{ severity: 'error', code: 'pack-missing', object: lost }],
      });
      await expectSample(repository, sampleId(other), other.disk);
      expect(keysOf(shared, 'young/')).toHaveLength(1);
      shared.nowMs += GRACE_MS;
    }
    await using repository = await open(shared);
    const found = await collect(repository.verify({ depth: 'data' }));
    expect(found.filter(({ severity }) => severity === 'error')).toMatchObject([
      { code: 'disk-damaged', point: sampleId(first) },
    ]);
    await repository.maintenance.delete(sampleId(first));
    shared.nowMs += GRACE_MS;
    await repository.maintenance.prune({ last: 1 });
    expect(keysOf(shared, 'young/')).toEqual([]);
    await expectSample(repository, sampleId(other), other.disk);
  });

  it('leaves the index when another pack holds the chunks, also one that was stored anew', async () => {
    const { shared } = await lose();
    await using repository = await open(shared);
    await writeSample(repository, twin);
    shared.nowMs += GRACE_MS;
    expect(await repository.maintenance.prune({ last: 1 })).toMatchObject({ findings: [] });
    expect(keysOf(shared, 'young/')).toEqual([]);
    for (const point of [first, twin, other]) await expectSample(repository, sampleId(point), point.disk);
  });

  it('leaves the index when its writer gave up', async () => {
    const { shared } = await lose();
    await using repository = await open(shared);
    const point: SamplePoint = { ...other, stream: 'd', disk: [20, 21, 22] };
    const writer = await repository.begin(draftOf(point), soloFence);
    const deletePacks = await packsToDelete(shared, () => writeDisk(writer, point));
    await writeSample(repository, twin);
    await repository.maintenance.rebuildIndex();
    const young = keysOf(shared, 'young/');
    await writer[Symbol.asyncDispose]();
    deletePacks();
    await repository.maintenance.prune({ last: 1 });
    expect(keysOf(shared, 'young/').filter((key) => young.includes(key))).toEqual([]);
  });
});
