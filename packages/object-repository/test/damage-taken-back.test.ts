import assert from 'node:assert/strict';
import { SendenseError } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { create, dataPacks, first, flip, GRACE_MS, keysOf, open, twin } from './hurt-objects.ts';
import { rebuildLate } from './late-rebuild.ts';
import type { Interceptor, SharedObjects } from './memory-store.ts';
import { expectSample, type SamplePoint, sampleId, writeSample } from './sample-disk.ts';

const second: SamplePoint = { stream: 'o', sequence: 1, disk: [4, 5, 6] };
const again: SamplePoint = { ...second, stream: 'p' };

/** Two points, the packs of both of which are noted as damaged since a rebuild came late; the packs of the second one. */
async function noted() {
  const shared = await create();
  await using repository = await open(shared);
  await writeSample(repository, first);
  const before = dataPacks(shared);
  await writeSample(repository, second);
  const [pack = assert.fail()] = dataPacks(shared).filter((key) => !before.includes(key));
  await rebuildLate(shared, () => repository.maintenance.prune({ last: 1 }));
  return { shared, pack };
}

async function verify(shared: SharedObjects, intercept?: Interceptor): Promise<readonly string[]> {
  await using repository = await open(shared, intercept);
  const findings = await collect(repository.verify({ depth: 'data' }));
  return findings.map(({ code }) => code).filter((code) => code !== 'point-verified');
}

/** How many packs with chunks of disks a backup stores. */
async function packsStoredBy(shared: SharedObjects, point: SamplePoint): Promise<number> {
  const before = dataPacks(shared).length;
  await using repository = await open(shared);
  await writeSample(repository, point);
  await expectSample(repository, sampleId(point), point.disk);
  return dataPacks(shared).length - before;
}

const denied = () => new SendenseError('PERMISSION_DENIED', 'not allowed', { operation: 'delete-object' });

describe('what a damage record says of packs that are whole', () => {
  it('is taken back by the verification that reads them a grace later: backups rely on them again', async () => {
    const { shared } = await noted();
    shared.nowMs += GRACE_MS;
    expect(await verify(shared)).toEqual(['damage-taken-back']);
    expect([...keysOf(shared, 'damage/'), ...keysOf(shared, 'prune/'), ...keysOf(shared, 'probe/')]).toEqual(
      [],
    );
    expect(await packsStoredBy(shared, twin)).toBe(0);
    expect(await verify(shared)).toEqual([]);
  });

  it('stays for a grace: who began before it must find it when it commits', async () => {
    const { shared } = await noted();
    shared.nowMs += GRACE_MS - 1000;
    expect(await verify(shared)).toEqual([]);
    expect(keysOf(shared, 'damage/')).toHaveLength(1);
    expect(await packsStoredBy(shared, twin)).toBe(1);
  });

  it.each<[string, (shared: SharedObjects, pack: string) => void]>([
    ['is damaged', flip],
    ['is gone', (shared, pack) => void shared.objects.delete(pack)],
  ])('is taken back but for a pack that %s, which backups store again', async (_what, hurt) => {
    const { shared, pack } = await noted();
    shared.nowMs += GRACE_MS;
    hurt(shared, pack);
    expect(await verify(shared)).toContain('damage-taken-back');
    expect(keysOf(shared, 'damage/')).toHaveLength(1);
    expect(await packsStoredBy(shared, twin)).toBe(0);
    expect(await packsStoredBy(shared, again)).toBe(1);
  });

  it('stays of a pack that somebody deletes between its reading and the lock', async () => {
    const { shared, pack } = await noted();
    shared.nowMs += GRACE_MS;
    const codes = await verify(shared, async ({ kind, key }, run) => {
      if (kind === 'put' && key.startsWith('prune/lock-')) shared.objects.delete(pack);
      run();
    });
    expect(codes).toEqual(['damage-taken-back']);
    expect(keysOf(shared, 'damage/')).toHaveLength(1);
    expect(await packsStoredBy(shared, again)).toBe(1);
  });

  it('is taken back also of a pack that was damaged and was put back', async () => {
    const { shared, pack } = await noted();
    shared.nowMs += GRACE_MS;
    flip(shared, pack);
    await verify(shared);
    shared.nowMs += GRACE_MS;
    flip(shared, pack);
    expect(await verify(shared)).toEqual(['damage-taken-back']);
    expect(keysOf(shared, 'damage/')).toEqual([]);
    expect(await packsStoredBy(shared, again)).toBe(0);
  });

  it.each<[string, Interceptor]>([
    [
      'another one prunes',
      async ({ kind, key }, run) => {
        if (kind !== 'put' || !key.startsWith('prune/lock-')) run(); // it took the number: creating it says so
      },
    ],
    [
      'who verifies may not delete',
      async ({ kind, key }, run) => {
        if (kind === 'delete' && !key.startsWith('probe/')) throw denied();
        run();
      },
    ],
  ])('stays where %s, which is told, and no lock stays', async (_what, intercept) => {
    const { shared } = await noted();
    shared.nowMs += GRACE_MS;
    expect(await verify(shared, intercept)).toEqual(['damage-stays']);
    expect(keysOf(shared, 'prune/')).toEqual([]);
    expect(await packsStoredBy(shared, twin)).toBe(1);
  });

  it('stays where only some points are verified, or their structure', async () => {
    const { shared } = await noted();
    shared.nowMs += GRACE_MS;
    await using repository = await open(shared);
    for (const scope of [{ depth: 'structure' }, { depth: 'data', points: [sampleId(first)] }] as const)
      await collect(repository.verify(scope));
    expect(keysOf(shared, 'damage/')).toHaveLength(1);
  });
});
