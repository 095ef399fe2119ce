import assert from 'node:assert/strict';
import { soloFence } from '@sendense/plugin-kit';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { CONFIGURATION_KEY } from '../src/layout/object-keys.ts';
import { create, dataPacks, first, GRACE_MS, keysOf, open, twin } from './hurt-objects.ts';
import { createMemoryStore, type SharedObjects } from './memory-store.ts';
import { draftOf, expectSample, type SamplePoint, sampleId, writeDisk, writeSample } from './sample-disk.ts';
import { openStandingStill, pruneTwice } from './still-clocks.ts';

/**
 * Commits a point on a machine that stands still, together with both of its clocks, in the `put` of the first object that begins with
 * `prefix`, while the others do something. Gives how the commit ended.
 */
async function commitHeldUp(
  shared: SharedObjects,
  point: SamplePoint,
  prefix: string,
  others: () => Promise<void>,
): Promise<unknown> {
  let isHeld = false;
  const store = createMemoryStore(shared, async ({ kind, key }, run) => {
    if (!isHeld && kind === 'put' && key.startsWith(prefix)) {
      isHeld = true;
      await others();
    }
    run();
  });
  await using repository = await openStandingStill(store);
  await using writer = await repository.begin(draftOf(point), soloFence);
  await writeDisk(writer, point);
  const ended = await writer.commit([]).catch((error: unknown) => error);
  expect(isHeld).toBe(true);
  return ended;
}

/** A repository with a manifest that came after prunes had deleted all that it needs. */
async function withLate(): Promise<SharedObjects> {
  const shared = await create();
  const ended = await commitHeldUp(shared, first, 'points/', () => pruneTwice(shared));
  expect(ended).toMatchObject({ code: 'EXPIRED', effect: 'none' });
  expect(dataPacks(shared)).toEqual([]);
  expect(keysOf(shared, 'points/')).toHaveLength(1);
  return shared;
}

const idsIn = async (shared: SharedObjects) => {
  await using repository = await open(shared);
  return (await collect(repository.points())).map(({ id }) => id);
};

/** The objects of a store as a tool would copy them, an hour later: each has the time of its copying. */
function copyOf(shared: SharedObjects): SharedObjects {
  const nowMs = shared.nowMs + 30 * GRACE_MS;
  const copies = [...shared.objects].map(
    ([key, { bytes }]) => [key, { bytes, modifiedAt: new Date(nowMs) }] as const,
  );
  return { objects: new Map(copies), nowMs };
}

/** Stores what begins with `prefix` again as it is. */
function touch(shared: SharedObjects, prefix: string): void {
  for (const [key, { bytes }] of shared.objects)
    if (key.startsWith(prefix)) shared.objects.set(key, { bytes, modifiedAt: new Date(shared.nowMs) });
}

describe('a manifest that came too late', () => {
  it('is no point: its writer is told, nobody lists or opens it, and verify names it', async () => {
    const shared = await withLate();
    expect(await idsIn(shared)).toEqual([]);
    await using repository = await open(shared);
    await expect(repository.open(sampleId(first))).rejects.toMatchObject({ code: 'EXPIRED' });
    const findings = await collect(repository.verify({ depth: 'data' }));
    expect(findings).toMatchObject([{ code: 'point-late', object: keysOf(shared, 'points/')[0] }]);
  });

  it('keeps nobody from making the point again, or the next one of its stream, and is no base', async () => {
    const shared = await withLate();
    await using repository = await open(shared);
    const onto: SamplePoint = { ...first, sequence: 2, base: { id: sampleId(first), disk: first.disk } };
    await expect(repository.begin(draftOf(onto), soloFence)).rejects.toMatchObject({
      code: 'PARENT_MISSING',
    });
    await writeSample(repository, first);
    await writeSample(repository, onto);
    await writeSample(repository, { ...first, sequence: 3 });
    expect(await idsIn(shared)).toEqual([
      sampleId(first),
      sampleId(onto),
      sampleId({ ...first, sequence: 3 }),
    ]);
    await expectSample(repository, sampleId(first), first.disk);
    await expectSample(repository, sampleId(onto), first.disk);
  });

  it('does not let two writers take one sequence', async () => {
    const shared = await withLate();
    await using repository = await open(shared);
    const point: SamplePoint = { ...first, sequence: 1, disk: [7, 8] };
    await using one = await repository.begin(draftOf(point), soloFence);
    await using other = await repository.begin({ ...draftOf(point), id: sampleId(twin) }, soloFence);
    await writeDisk(one, point);
    await writeDisk(other, point);
    await one.commit([]);
    await expect(other.commit([])).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(
      repository.begin({ ...draftOf(point), id: sampleId(twin) }, soloFence),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('pushes no point out of a policy, and goes with the first prune when what it needs is gone', async () => {
    const shared = await create();
    await using repository = await open(shared);
    const late: SamplePoint = { ...first, sequence: 2, disk: [4, 5, 6] };
    const ended = await commitHeldUp(shared, late, 'points/', async () => {
      await pruneTwice(shared);
      await writeSample(repository, first);
    });
    expect(ended).toMatchObject({ code: 'EXPIRED' });
    expect(await repository.maintenance.prune({ last: 1 }, { dryRun: true })).toMatchObject({
      kept: [sampleId(first)],
      removed: [],
    });
    const report = await repository.maintenance.prune({ last: 1 });
    expect(report).toMatchObject({
      kept: [sampleId(first)],
      removed: [],
      findings: [{ code: 'point-late' }],
    });
    // its key is not free for another point before a later one is there
    expect(keysOf(shared, 'points/')).toHaveLength(2);
    await expectSample(repository, sampleId(first), first.disk);
    await writeSample(repository, { ...first, sequence: 3 });
    await repository.maintenance.prune({ last: 2 });
    expect(keysOf(shared, 'points/')).toHaveLength(2);
    expect(await idsIn(shared)).toEqual([sampleId(first), sampleId({ ...first, sequence: 3 })]);
  });

  it('of whose stream nothing is newer gives its key to nobody, and holds up no other space, whatever prunes go by', async () => {
    const shared = await withLate();
    await using repository = await open(shared);
    const point: SamplePoint = { ...first, sequence: 1, disk: [7, 8] };
    await using one = await repository.begin(draftOf(point), soloFence);
    await writeDisk(one, point);
    await writeSample(repository, { ...twin, disk: [4, 5, 6] });
    await writeSample(repository, { ...twin, sequence: 2, disk: [9] });
    const before = dataPacks(shared).length;
    await repository.maintenance.prune({ last: 1 });
    const other = await repository.begin(
      { ...draftOf(point), id: sampleId({ ...first, sequence: 9 }) },
      soloFence,
    );
    await writeDisk(other, point);
    await one.commit([]);
    await expect(other.commit([])).rejects.toMatchObject({ code: 'CONFLICT' });
    await pruneTwice(shared);
    expect(dataPacks(shared).length).toBeLessThan(before);
    await expectSample(repository, sampleId(point), point.disk);
  });

  it('that looks late because manifests were copied within the store is a point again when the configuration is stored anew', async () => {
    const shared = await create();
    await using repository = await open(shared);
    await writeSample(repository, first);
    shared.nowMs += 30 * GRACE_MS;
    touch(shared, 'points/');
    expect(await idsIn(shared)).toEqual([]);
    touch(shared, CONFIGURATION_KEY);
    expect(await idsIn(shared)).toEqual([sampleId(first)]);
  });

  it('keeps what it needs until the policy drops it, where nothing of that is gone', async () => {
    const shared = await create();
    await using repository = await open(shared);
    const ended = await commitHeldUp(shared, first, 'points/', async () => {
      shared.nowMs += GRACE_MS;
    });
    expect(ended).toMatchObject({ code: 'EXPIRED' });
    await pruneTwice(shared);
    expect(dataPacks(shared)).toHaveLength(1);
    await writeSample(repository, { ...first, sequence: 2, disk: [4, 5, 6] });
    await pruneTwice(shared);
    await pruneTwice(shared);
    expect(keysOf(shared, 'points/')).toHaveLength(1);
    expect(dataPacks(shared)).toHaveLength(1);
  });

  it('is not looked for in a copy of the store, whose objects have the times of copying', async () => {
    const shared = await create();
    await using repository = await open(shared);
    for (const sequence of [1, 2]) await writeSample(repository, { ...first, sequence });
    const copy = copyOf(shared);
    expect(await idsIn(copy)).toEqual([1, 2].map((sequence) => sampleId({ ...first, sequence })));
    await using other = await open(copy);
    await writeSample(other, { ...first, sequence: 3 });
    await pruneTwice(copy);
    await expectSample(other, sampleId({ ...first, sequence: 3 }), first.disk);
  });
});

describe('an index object that came too late', () => {
  it('of a writer leads no backup to packs that a prune deleted meanwhile', async () => {
    const shared = await create();
    const ended = await commitHeldUp(shared, first, 'index/', () => pruneTwice(shared));
    expect(ended).toMatchObject({ code: 'EXPIRED', effect: 'none' });
    expect(dataPacks(shared)).toEqual([]);
    await using repository = await open(shared);
    await writeSample(repository, twin);
    await expectSample(repository, sampleId(twin), twin.disk);
  });

  it('of a pruner leads no backup to packs that the next ones swept', async () => {
    const shared = await create();
    await using repository = await open(shared);
    const second: SamplePoint = { ...first, sequence: 2, disk: [4, 5, 6] };
    for (const point of [first, second]) await writeSample(repository, point);
    await repository.maintenance.prune({ last: 1 });
    shared.nowMs += GRACE_MS;
    let isHeld = false;
    const store = createMemoryStore(shared, async ({ kind, key }, run) => {
      if (!isHeld && kind === 'put' && key.startsWith('index/')) {
        isHeld = true;
        await writeSample(repository, { ...first, sequence: 3, disk: [7, 8, 9] });
        await pruneTwice(shared);
      }
      run();
    });
    await using slow = await openStandingStill(store);
    await expect(slow.maintenance.prune({ last: 1 })).rejects.toMatchObject({ code: 'FENCED' });
    assert.equal(isHeld, true);
    const again: SamplePoint = { ...twin, disk: second.disk };
    await writeSample(repository, again);
    await expectSample(repository, sampleId(again), again.disk);
  });
});
