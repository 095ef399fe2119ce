import { type Finding, SendenseError } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import type { ObjectVerifyScope } from '../src/verify/verify-repository.ts';
import { create, dataPacks, first, flip, open, twin } from './hurt-objects.ts';
import type { SharedObjects } from './memory-store.ts';
import { expectSample, type SamplePoint, sampleId, writeSample } from './sample-disk.ts';

/** Shares its first chunk with the first point. */
const second: SamplePoint = { stream: 'a', sequence: 2, disk: [1, 4, 5] };

/** Two points, each with a pack of its own. */
async function twoPoints() {
  const shared = await create();
  await using writer = await open(shared);
  await writeSample(writer, first);
  const [pack = ''] = dataPacks(shared);
  await writeSample(writer, second);
  const [other = ''] = dataPacks(shared).filter((key) => key !== pack);
  return { shared, pack, other };
}

/** What a full of the same disk by another stream makes whole again is noted. */
async function expectStoredAgain(shared: SharedObjects): Promise<void> {
  await using writer = await open(shared);
  await writeSample(writer, twin);
  for (const point of [first, twin]) await expectSample(await open(shared), sampleId(point), point.disk);
}

describe('a full after a verification that did not reach its end', () => {
  it.each<[string, string, (shared: SharedObjects, key: string) => void]>([
    ['a pack is missing', 'pack-missing', (shared, key) => void shared.objects.delete(key)],
    ['a disk is damaged', 'disk-damaged', flip],
    ['a pack is damaged', 'pack-damaged', flip],
  ])(
    'stores again what is damaged when its reader stopped at being told that %s',
    async (_what, code, hurt) => {
      const { shared, pack } = await twoPoints();
      hurt(shared, pack);
      await using repository = await open(shared);
      let told: Finding | undefined;
      for await (const finding of repository.verify({ depth: 'data' })) {
        told = finding;
        if (finding.code === code) break;
      }
      expect(told).toMatchObject({ code });
      await expectStoredAgain(shared);
    },
  );

  it.each<[string, ObjectVerifyScope]>([
    ['after it was told', { depth: 'data' }],
    ['within the same disk, before it was told', { depth: 'data', after: sampleId(first) }],
  ])('stores again what was found damaged when the network broke %s', async (_when, scope) => {
    const { shared, pack, other } = await twoPoints();
    flip(shared, pack);
    let isBroken = scope.after !== undefined;
    await using repository = await open(shared, async ({ kind, key }, run) => {
      if (isBroken && kind === 'get' && key === other)
        throw new SendenseError('CONNECTION_LOST', 'the network broke', { operation: 'get-object' });
      run();
    });
    const reading = (async () => {
      for await (const { code } of repository.verify(scope)) isBroken ||= code === 'disk-damaged';
    })();
    await expect(reading).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await expectStoredAgain(shared);
  });
});

it('a verification that may not write tells so before the damage that it could not note', async () => {
  const { shared, pack } = await twoPoints();
  flip(shared, pack);
  await using repository = await open(shared, async ({ kind, key }, run) => {
    if (kind === 'put' && key.startsWith('damage/'))
      throw new SendenseError('PERMISSION_DENIED', 'only reading is allowed', { operation: 'put-object' });
    run();
  });
  const codes = (await collect(repository.verify({ depth: 'data' }))).map(({ code }) => code);
  expect(codes).toEqual(['damage-not-noted', 'disk-damaged', 'pack-damaged', 'disk-damaged']);
});
