import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { create, dataPacks, first, flip, keysOf, open } from './hurt-objects.ts';
import type { SharedObjects } from './memory-store.ts';
import { type SamplePoint, sampleId, writeSample } from './sample-disk.ts';

const second: SamplePoint = { stream: 'a', sequence: 2, disk: [4, 5, 6] };

/** A repository with objects of each kind: a prune died after it had planned, and a pack was found damaged that was put back. */
async function everyKind(): Promise<SharedObjects> {
  const shared = await create();
  await using repository = await open(shared);
  for (const point of [first, second]) await writeSample(repository, point);
  const [pack = ''] = dataPacks(shared).slice(-1);
  const whole = shared.objects.get(pack) ?? expect.fail();
  flip(shared, pack);
  await collect(repository.verify({ depth: 'data' }));
  shared.objects.set(pack, whole);
  await repository.maintenance.delete(sampleId(first));
  await using pruner = await open(shared, async ({ kind, key }, run) => {
    if (kind !== 'delete' || !key.startsWith('prune/lock-')) run();
  });
  await pruner.maintenance.prune({ last: 1 });
  return shared;
}

const hurt = await everyKind();

it.each([
  ['the configuration', 'sendense-object-repository', 'configuration-damaged'],
  ['a key slot', 'keys/', 'key-slot-damaged'],
  ['a pack', 'packs/', 'pack-damaged'],
  ['an index object', 'index/', 'index-damaged'],
  ['a manifest', 'points/', 'manifest-damaged'],
  ['a number of a disk', 'disks/', 'disk-number-damaged'],
  ['a plan', 'prune/plan-', 'plan-damaged'],
  ['a lock', 'prune/lock-', 'lock-damaged'],
  ['a damage record', 'damage/', 'damage-record-damaged'],
  ['a removal', 'removed/', 'removal-damaged'],
])('a flipped bit of %s is found, and the object is named', async (_what, prefix, code) => {
  const shared: SharedObjects = { ...hurt, objects: new Map(hurt.objects) };
  await using repository = await open(shared);
  const wanted = code === 'pack-damaged' ? dataPacks(shared).slice(-1) : keysOf(shared, prefix);
  const object = wanted[0] ?? expect.fail(`there is no ${prefix}`);
  flip(shared, object);
  const findings = await collect(repository.verify({ depth: 'data' }));
  expect(findings).toContainEqual(expect.objectContaining({ severity: 'error', code, object }));
});
