import assert from 'node:assert/strict';
import { SendenseError } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { create, first, GRACE_MS, keysOf, open, twin } from './hurt-objects.ts';
import { createMemoryStore, type SharedObjects, type StoreOperation } from './memory-store.ts';
import { expectSample, type SamplePoint, sampleId, writeSample } from './sample-disk.ts';
import { openStandingStill } from './still-clocks.ts';

const HOUR_MS = 3600 * 1000;
const second: SamplePoint = { ...first, sequence: 2, disk: [4, 5, 6] };
const third: SamplePoint = { ...first, sequence: 3, disk: [7, 8, 9] };

/** Prunes by whose clocks go on. */
async function prune(shared: SharedObjects): Promise<void> {
  await using repository = await open(shared);
  await repository.maintenance.prune({ last: 1 });
}

/**
 * Prunes on a machine both of whose clocks stand still, and which itself does so right after the first operation that `isHere` takes,
 * while the others do something. Gives how the prune ended.
 */
async function pruneHeldUp(
  shared: SharedObjects,
  isHere: (operation: StoreOperation) => boolean,
  others: () => Promise<void>,
): Promise<unknown> {
  let isHeld = false;
  const store = createMemoryStore(shared, async (operation, run) => {
    run();
    if (isHeld || !isHere(operation)) return;
    isHeld = true;
    await others();
  });
  await using repository = await openStandingStill(store);
  const ended = await repository.maintenance.prune({ last: 1 }).catch((error: unknown) => error);
  expect(isHeld).toBe(true);
  return ended;
}

/** The error of a request whose answer was lost. */
function unanswered(): SendenseError {
  return new SendenseError('CONNECTION_LOST', 'no answer', { operation: 'put-object', effect: 'unknown' });
}

/** Takes the first deletion below `prefix` after the packs were listed. */
function inSweep(prefix: string): (operation: StoreOperation) => boolean {
  let isSwept = false;
  return ({ kind, key }) => {
    isSwept ||= kind === 'list' && key === 'packs/';
    return isSwept && kind === 'delete' && key.startsWith(prefix);
  };
}

/** A store of packs that no index object and no point names. */
async function withoutIndex(): Promise<SharedObjects> {
  const shared = await create();
  await using repository = await open(shared);
  await writeSample(repository, first);
  for (const key of [...keysOf(shared, 'index/'), ...keysOf(shared, 'points/')]) shared.objects.delete(key);
  assert.ok(keysOf(shared, 'packs/').length > 1);
  shared.nowMs += GRACE_MS;
  return shared;
}

/** An hour later another machine makes the index again, and a backup relies on it. */
async function rebuildAndBackUp(shared: SharedObjects): Promise<void> {
  shared.nowMs += HOUR_MS;
  await using repository = await open(shared);
  await repository.maintenance.rebuildIndex();
  await writeSample(repository, twin);
}

/** Whether an operation is the last reading before the index is rewritten: of each of its objects the lock, then the content. */
function beforeRewriting(): (operation: StoreOperation) => boolean {
  const asked = new Set<string>();
  return ({ kind, key }) => {
    if (!key.startsWith('index/')) return false;
    if (kind === 'head') asked.add(key);
    else if (kind === 'get' && asked.delete(key)) return asked.size === 0;
    return false;
  };
}

async function expectWhole(shared: SharedObjects, ...points: readonly SamplePoint[]): Promise<void> {
  await using repository = await open(shared);
  for (const point of points) await expectSample(repository, sampleId(point), point.disk);
  const findings = await collect(repository.verify({ depth: 'data' }));
  expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
}

describe('a pruner that stands still together with both of its clocks', () => {
  it('puts no index object that names packs which the next ones swept', async () => {
    const shared = await create();
    await using repository = await open(shared);
    for (const point of [first, second]) await writeSample(repository, point);
    await prune(shared);
    shared.nowMs += GRACE_MS;
    const ended = await pruneHeldUp(shared, beforeRewriting(), async () => {
      shared.nowMs += HOUR_MS;
      await writeSample(repository, third);
      await prune(shared);
      shared.nowMs += GRACE_MS;
      await prune(shared);
    });
    await writeSample(repository, { ...twin, disk: second.disk });
    await expectWhole(shared, third, { ...twin, disk: second.disk });
    expect(ended).toMatchObject({ code: 'FENCED' });
  });

  it('deletes no pack that a backup relies on since the index was made again', async () => {
    const shared = await withoutIndex();
    const isListing = ({ kind, key }: StoreOperation) => kind === 'list' && key === 'packs/';
    const ended = await pruneHeldUp(shared, isListing, () => rebuildAndBackUp(shared));
    await expectWhole(shared, twin);
    expect(ended).toMatchObject({ code: 'FENCED' });
  });

  it('deletes nothing between the answer that told the time and the deletion of what told it', async () => {
    const shared = await withoutIndex();
    const before = keysOf(shared, 'packs/');
    let atProbe: readonly string[] = [];
    const ended = await pruneHeldUp(shared, inSweep('probe/'), async () => {
      atProbe = keysOf(shared, 'packs/');
      await rebuildAndBackUp(shared);
    });
    expect(atProbe.length).toBeLessThan(before.length);
    await expectWhole(shared, twin);
    expect(ended).toMatchObject({ code: 'FENCED' });
  });

  it('among deletions says which packs it deleted late: later backups do not rely on them, verify names them', async () => {
    const shared = await withoutIndex();
    const ended = await pruneHeldUp(shared, inSweep('packs/'), () => rebuildAndBackUp(shared));
    expect(ended).toMatchObject({ code: 'FENCED', remedy: expect.stringContaining('verify') });
    expect(keysOf(shared, 'damage/')).toHaveLength(1);
    const later: SamplePoint = { ...first, stream: 'c' };
    await using repository = await open(shared);
    await writeSample(repository, later);
    await expectSample(repository, sampleId(later), later.disk);
    const findings = await collect(repository.verify({ depth: 'data' }));
    expect(findings.map(({ code }) => code)).toContain('pack-missing');
  });

  it('says of every pack of an index object that came late that nobody is to rely on it', async () => {
    for (const isAnswered of [true, false]) {
      const shared = await create();
      await using repository = await open(shared);
      for (const point of [first, second]) await writeSample(repository, point);
      await prune(shared);
      shared.nowMs += GRACE_MS;
      const store = createMemoryStore(shared, async ({ kind, key }, run) => {
        const isLate = kind === 'put' && key.startsWith('index/');
        if (isLate) shared.nowMs += HOUR_MS;
        run();
        if (isLate && !isAnswered) throw unanswered();
      });
      await using late = await openStandingStill(store);
      const ended = await late.maintenance.prune({ last: 1 }).catch((error: unknown) => error);
      expect(ended).toMatchObject({ code: isAnswered ? 'FENCED' : 'CONNECTION_LOST' });
      expect(keysOf(shared, 'damage/')).toHaveLength(1);
    }
  });

  it('goes on when nobody else came meanwhile, and holds its lock anew', async () => {
    const shared = await create();
    await using repository = await open(shared);
    for (const point of [first, second]) await writeSample(repository, point);
    await prune(shared);
    shared.nowMs += GRACE_MS;
    const ended = await pruneHeldUp(shared, beforeRewriting(), async () => {
      shared.nowMs += HOUR_MS / 2;
    });
    expect(ended).toMatchObject({ removed: [] });
    expect(keysOf(shared, 'prune/')).toEqual([]);
    await expectWhole(shared, second);
  });
});
