import type { PruneReport } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { unlock } from '../src/keys/unlock.ts';
import { packKey } from '../src/layout/object-keys.ts';
import { readPlans } from '../src/maintain/plans.ts';
import { createSealer } from '../src/seal/seal.ts';
import type { ObjectVerifyScope } from '../src/verify/verify-repository.ts';
import { create, dataPacks, first, flip, GRACE_MS, keysOf, open, twin, twoCopies } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { indexManyIds } from './many-ids.ts';
import { createMemoryStore, type SharedObjects } from './memory-store.ts';
import { draftOf, expectSample, sampleId, writeSample } from './sample-disk.ts';

async function prune(shared: SharedObjects): Promise<PruneReport> {
  await using repository = await open(shared);
  return await repository.maintenance.prune({ last: 1 });
}

async function verify(shared: SharedObjects, depth: 'structure' | 'data' = 'data') {
  await using repository = await open(shared);
  return (await collect(repository.verify({ depth }))).filter(({ severity }) => severity !== 'info');
}

/** The keys of the packs that plans name. */
async function plannedPacks(shared: SharedObjects): Promise<readonly string[]> {
  const store = createMemoryStore(shared);
  const { keys, configuration } = await unlock(store, testKey);
  const plans = await readPlans({ store, sealer: createSealer(keys.seal, configuration.id) });
  return plans.flatMap(({ packs }) => [...packs].map(packKey));
}

/** Prunes; while the first node of a map is read, a backup of the same process loads an index with `ids` more chunks. */
async function pruneWhileIndexGrows(shared: SharedObjects, ids: number): Promise<void> {
  const node = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let isFirst = true;
  await using repository = await open(shared, async ({ kind, key }, run) => {
    if (isFirst && kind === 'get' && key.startsWith('packs/')) {
      isFirst = false;
      node.resolve();
      await goOn.promise;
    }
    run();
  });
  const pruning = repository.maintenance.prune({ last: 1 });
  await node.promise;
  await indexManyIds(createMemoryStore(shared), ids);
  const beside = await repository.begin(draftOf({ ...first, stream: 'c' }), soloFence);
  goOn.resolve();
  await pruning;
  await beside[Symbol.asyncDispose]();
}

describe('a prune beside a backup of the same process', () => {
  it('marks what is needed where it is, also when the index grows meanwhile', async () => {
    const shared = await create();
    await using writer = await open(shared);
    await writeSample(writer, first);
    await pruneWhileIndexGrows(shared, 3000);
    const planned = await plannedPacks(shared);
    expect(planned.filter((key) => shared.objects.has(key))).toEqual([]);
  });
});

describe('a damaged one of two copies', () => {
  it.each([0, 1])(
    'is never the one that prunes leave, whether it is stored first or second (%i)',
    async (which) => {
      const shared = await twoCopies();
      const [damaged = ''] = dataPacks(shared).slice(which);
      expect(dataPacks(shared)).toHaveLength(2);
      flip(shared, damaged);
      for (let round = 0; round < 3; round += 1) {
        const { findings } = await prune(shared);
        for (const finding of findings)
          expect(finding).toMatchObject({ code: 'pack-damaged', object: damaged });
        shared.nowMs += GRACE_MS;
      }
      for (const point of [first, twin]) await expectSample(await open(shared), sampleId(point), point.disk);
    },
  );

  it('is named by verify, though every point is whole; then prunes leave the other one alone', async () => {
    const shared = await twoCopies();
    const [damaged = ''] = dataPacks(shared);
    flip(shared, damaged);
    expect(await verify(shared)).toEqual([
      expect.objectContaining({ severity: 'error', code: 'pack-damaged', object: damaged }),
    ]);
    for (let round = 0; round < 3; round += 1) {
      await prune(shared);
      shared.nowMs += GRACE_MS;
    }
    expect(keysOf(shared, damaged)).toEqual([]);
    expect(await verify(shared)).toEqual([]);
    expect(keysOf(shared, 'damage/')).toEqual([]);
  });
});

describe('a map with two copies, above a damaged chunk', () => {
  it('is damage of every point that has it, not of the first one alone', async () => {
    const shared = await twoCopies();
    for (const pack of dataPacks(shared)) flip(shared, pack);
    const findings = await verify(shared);
    const damaged = findings.filter(({ code }) => code === 'disk-damaged');
    expect(new Set(damaged.map(({ point }) => point))).toEqual(new Set([sampleId(first), sampleId(twin)]));
    expect(damaged).toHaveLength(2);
  });
});

describe('a full after packs were found missing or damaged', () => {
  it.each<[string, (shared: SharedObjects, key: string) => void, 'structure' | 'data']>([
    ['are missing', (shared, key) => void shared.objects.delete(key), 'structure'],
    ['have a changed byte', flip, 'data'],
  ])(
    'stores again what is in packs that %s, and the older points are whole again',
    async (_what, hurt, depth) => {
      const shared = await create();
      await using writer = await open(shared);
      await writeSample(writer, first);
      for (const pack of dataPacks(shared)) hurt(shared, pack);
      expect((await verify(shared, depth)).map(({ code }) => code)).toContain('disk-damaged');
      await using again = await open(shared);
      await writeSample(again, twin);
      for (const point of [first, twin]) await expectSample(await open(shared), sampleId(point), point.disk);
      for (let round = 0; round < 3; round += 1) {
        await prune(shared);
        shared.nowMs += GRACE_MS;
      }
      for (const point of [first, twin]) await expectSample(await open(shared), sampleId(point), point.disk);
      expect(await verify(shared)).toEqual([]);
    },
  );
});

describe('a verification that goes on', () => {
  it('looks for missing packs again', async () => {
    const shared = await create();
    await using writer = await open(shared);
    await writeSample(writer, first);
    await writeSample(writer, { ...first, sequence: 2, disk: [4, 5, 6] });
    const [pack = ''] = dataPacks(shared).slice(1);
    shared.objects.delete(pack);
    await using repository = await open(shared);
    const scope: ObjectVerifyScope = { depth: 'structure', after: sampleId(first) };
    const findings = await collect(repository.verify(scope));
    expect(findings).toEqual([
      expect.objectContaining({ code: 'pack-missing', object: pack }),
      expect.objectContaining({ code: 'disk-damaged', point: 'a-2' }),
    ]);
  });
});
