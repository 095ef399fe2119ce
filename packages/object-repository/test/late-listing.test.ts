import { soloFence } from '@sendense/plugin-kit';
import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import {
  createObjectRepository,
  type ObjectRepository,
  openObjectRepository,
} from '../src/object-repository.ts';
import { validateStore } from '../src/validate/validate-store.ts';
import { create, GRACE_MS, keysOf, open } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { LateListing, type Lateness } from './late-listing.ts';
import { createMemoryStore, noObjects, type SharedObjects } from './memory-store.ts';
import {
  CHUNK_BYTES,
  draftOf,
  expectSample,
  type SamplePoint,
  sampleId,
  writeDisk,
  writeSample,
} from './sample-disk.ts';

const QUARTER_MS = 15 * 60_000;
const one: SamplePoint = { stream: 'a', sequence: 1, disk: [1, 2, 3] };
const two: SamplePoint = { stream: 'b', sequence: 1, disk: [4, 5, 6] };
const again: SamplePoint = { ...two, stream: 'c' };

/** Listings that lack what was created a moment ago, of keys that begin so. */
const lateFor =
  (...prefixes: readonly string[]): Lateness =>
  (key, what) =>
    what === 'created' && prefixes.some((prefix) => key.startsWith(prefix)) ? QUARTER_MS : 0;

/** Opens the repository through listings that are late from now on. */
function openLate(shared: SharedObjects, listing: LateListing): Promise<ObjectRepository> {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  return openObjectRepository({ store: listing.of(createMemoryStore(shared)), key: testKey }, { clock });
}

it('a prune knows the index objects that it stored itself before any listing shows them: what only they name stays', async () => {
  const shared = await create();
  await using first = await open(shared);
  await writeSample(first, one);
  await writeSample(first, two);
  await first.maintenance.delete(sampleId(one));
  await first.maintenance.prune({ last: 1 });
  expect(keysOf(shared, 'prune/plan-')).toHaveLength(1);
  shared.nowMs += GRACE_MS;
  await first.maintenance.delete(sampleId(two));
  // what the second point stored is needed by nobody now, and planned by nobody: a backup may rely on it
  const listing = new LateListing(shared, lateFor('index/', 'points/'));
  await using writer = await openLate(shared, listing);
  await writeSample(writer, again);
  await using pruner = await openLate(shared, listing);
  await pruner.maintenance.prune({ last: 1 });
  expect(listing.wrong).toBeGreaterThan(0);
  await using reader = await open(shared);
  await expectSample(reader, sampleId(again), again.disk);
});

it('a repository that was made a moment ago says that no key slot is listed, not that the key is wrong', async () => {
  const shared = noObjects();
  const listing = new LateListing(shared, lateFor('keys/'));
  const options = { store: listing.of(createMemoryStore(shared)), key: testKey, chunkBytes: CHUNK_BYTES };
  await expect(createObjectRepository({ ...options, graceMs: GRACE_MS })).rejects.toMatchObject({
    code: 'KEY_UNAVAILABLE',
    message: expect.stringContaining('lists no key slot') as string,
  });
  shared.nowMs += QUARTER_MS;
  await using repository = await openLate(shared, listing);
  await writeSample(repository, one);
});

it('a base that is not listed yet is missed, and a sequence that is taken unseen is refused by its key: nothing is committed', async () => {
  const shared = await create();
  const listing = new LateListing(shared, lateFor('points/'));
  await using repository = await openLate(shared, listing);
  await writeSample(repository, one);
  const base = { id: sampleId(one), disk: one.disk };
  await expect(writeSample(repository, { ...one, sequence: 2, base })).rejects.toMatchObject({
    code: 'PARENT_MISSING',
    remedy: 'back the disk up in full',
  });
  const other: SamplePoint = { ...one, disk: [7, 8, 9] };
  const { id: _, ...draft } = draftOf(other);
  await using writer = await repository.begin({ ...draft, id: sampleId(two) }, soloFence);
  await writeDisk(writer, other);
  await expect(writer.commit([])).rejects.toMatchObject({ code: 'CONFLICT' });
  shared.nowMs += QUARTER_MS;
  expect((await collect(repository.points())).map(({ id }) => id)).toEqual([sampleId(one)]);
  await expectSample(repository, sampleId(one), one.disk);
});

it.each(['index/', 'packs/'])(
  'an index that is made again while listings are late of what begins with %s names everything once they are not',
  async (late) => {
    const shared = await create();
    const listing = new LateListing(shared, lateFor(late));
    await using repository = await openLate(shared, listing);
    await writeSample(repository, one);
    for (let round = 0; round < 2; round += 1) {
      await repository.maintenance.rebuildIndex();
      shared.nowMs += QUARTER_MS;
    }
    const findings = await collect(repository.verify({ depth: 'data' }));
    expect(findings.map(({ code }) => code)).toEqual(['point-verified']);
    await expectSample(repository, sampleId(one), one.disk);
  },
);

it('a listing that goes on showing index objects which are gone ends what reads the index, with what to do, and hurts nothing', async () => {
  const shared = await create();
  await using first = await open(shared);
  await writeSample(first, one);
  const listing = new LateListing(shared, (_key, what) => (what === 'deleted' ? QUARTER_MS : 0));
  await using repository = await openLate(shared, listing);
  const told = {
    code: 'NOT_FOUND',
    retry: 'later',
    message: expect.stringContaining('goes on listing what was deleted') as string,
    remedy: expect.stringContaining('repository validate') as string,
  };
  await expect(repository.maintenance.rebuildIndex()).rejects.toMatchObject(told);
  await using reader = await openLate(shared, listing);
  await expect(expectSample(reader, sampleId(one), one.disk)).rejects.toMatchObject(told);
  shared.nowMs += QUARTER_MS;
  await expectSample(reader, sampleId(one), one.disk);
});

it('a validation tells that listings are late, and what comes of it', async () => {
  const shared = noObjects();
  const listing = new LateListing(shared, () => QUARTER_MS);
  const sizes = { listedObjects: 20, largeBytes: 100_000, racers: 4, lockMs: 60_000 };
  const { isUsable, findings } = await validateStore(listing.of(createMemoryStore(shared)), { sizes });
  expect(isUsable).toBe(false);
  expect(findings).toContainEqual(
    expect.objectContaining({
      severity: 'error',
      message: expect.stringContaining('prune can miss what is still needed') as string,
    }),
  );
});
