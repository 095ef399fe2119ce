import { soloFence } from '@sendense/plugin-kit';
import { expect, it } from 'vitest';
import { create, first, flip, GRACE_MS, keysOf, open } from './hurt-objects.ts';
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
