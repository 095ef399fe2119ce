import { type PointWriter, pointId } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { describe, expect, it } from 'vitest';
import {
  createObjectRepository,
  type ObjectRepository,
  openObjectRepository,
} from '../src/object-repository.ts';
import { testKey } from './keys.ts';
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

const GRACE_MS = 8 * 3600 * 1000;
const gone: SamplePoint = { stream: 'a', sequence: 1, disk: [1, 2, 3] };
const kept: SamplePoint = { stream: 'a', sequence: 2, disk: [4, 5, 6] };
/** Holds what no other point holds. */
const fresh: SamplePoint = { stream: 'c', sequence: 1, disk: [7, 8, 9] };
/** Holds what only the point holds that is gone. */
const again: SamplePoint = { stream: 'b', sequence: 1, disk: [1, 2, 3] };

function open(shared: SharedObjects): Promise<ObjectRepository> {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  return openObjectRepository({ store: createMemoryStore(shared), key: testKey }, { clock });
}

async function twoPoints(): Promise<SharedObjects> {
  const shared = noObjects();
  const options = {
    store: createMemoryStore(shared),
    key: testKey,
    chunkBytes: CHUNK_BYTES,
    graceMs: GRACE_MS,
  };
  await using repository = await createObjectRepository(options);
  await writeSample(repository, gone);
  await writeSample(repository, kept);
  return shared;
}

/** Begins a point and writes its disk; nothing is committed. */
async function beginWriting(repository: ObjectRepository, point: SamplePoint): Promise<PointWriter> {
  const writer = await repository.begin(draftOf(point), soloFence);
  await writeDisk(writer, point);
  return writer;
}

async function prune(shared: SharedObjects): Promise<void> {
  await using repository = await open(shared);
  await repository.maintenance.prune({ last: 1 });
}

const packs = ({ objects }: SharedObjects) =>
  [...objects.keys()].filter((key) => key.startsWith('packs/')).length;
const indexObjects = ({ objects }: SharedObjects) =>
  [...objects.keys()].filter((key) => key.startsWith('index/'));
const plans = ({ objects }: SharedObjects) =>
  [...objects.keys()].filter((key) => key.startsWith('prune/plan')).length;

describe('a plan of a prune', () => {
  it('is carried out when it is as old as the grace, not before', async () => {
    const shared = await twoPoints();
    const before = packs(shared);
    await prune(shared);
    shared.nowMs += GRACE_MS - 1;
    await prune(shared);
    expect([packs(shared), plans(shared)]).toEqual([before, 1]);
    shared.nowMs += 1;
    await prune(shared);
    expect(packs(shared)).toBeLessThan(before);
    expect(plans(shared)).toBe(0);
    await expectSample(await open(shared), pointId('a-2'), kept.disk);
  });

  it('that was there first is known to a writer: what it names is stored anew', async () => {
    const shared = await twoPoints();
    await prune(shared);
    shared.nowMs += GRACE_MS - 1;
    await using repository = await open(shared);
    await using writer = await beginWriting(repository, again);
    shared.nowMs += 1;
    await prune(shared);
    await writer.commit([]);
    await expectSample(await open(shared), pointId('b-1'), again.disk);
  });

  it('that came later spares what a writer has committed in time', async () => {
    const shared = await twoPoints();
    await using repository = await open(shared);
    await using writer = await beginWriting(repository, again);
    await prune(shared);
    shared.nowMs += GRACE_MS / 2;
    await writer.commit([]);
    shared.nowMs += GRACE_MS;
    await prune(shared);
    await expectSample(await open(shared), pointId('b-1'), again.disk);
  });

  it('that came later is not raced by a writer that is late: its commit is refused', async () => {
    const shared = await twoPoints();
    await using repository = await open(shared);
    await using writer = await beginWriting(repository, again);
    await prune(shared);
    shared.nowMs += GRACE_MS;
    await prune(shared);
    await expect(writer.commit([])).rejects.toMatchObject({ code: 'EXPIRED' });
    await using after = await open(shared);
    await expect(after.open(pointId('b-1'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is not followed by an index of packs that it deleted: a late writer publishes none, and the next one stores anew', async () => {
    const shared = await twoPoints();
    await using late = await open(shared);
    const writer = await beginWriting(late, fresh);
    shared.nowMs += GRACE_MS;
    await prune(shared);
    const before = indexObjects(shared);
    await expect(writer.commit([])).rejects.toMatchObject({ code: 'EXPIRED' });
    await writer[Symbol.asyncDispose]();
    expect(indexObjects(shared)).toEqual(before);
    await using next = await open(shared);
    await writeSample(next, fresh);
    await expectSample(await open(shared), sampleId(fresh), fresh.disk);
  });

  it('is held by one process at a time; the lock of one that died is free after an hour', async () => {
    const shared = await twoPoints();
    const died = createMemoryStore(shared, async ({ kind, key }, run) => {
      if (kind === 'delete' && key.startsWith('prune/lock')) throw new Error('died');
      run();
    });
    const dying = await openObjectRepository({ store: died, key: testKey });
    await expect(dying.maintenance.prune({ last: 1 })).rejects.toThrow('died');
    await expect(prune(shared)).rejects.toMatchObject({ code: 'LOCKED' });
    shared.nowMs += 3600 * 1000;
    await prune(shared);
    await prune(shared);
  });
});

describe('a reader of a point that was deleted', () => {
  it('reads on for the grace, and is told after it that the point was deleted', async () => {
    const shared = await twoPoints();
    await using repository = await open(shared);
    await using early = await repository.open(sampleId(gone));
    await using late = await (await open(shared)).open(sampleId(gone));
    await prune(shared);
    shared.nowMs += GRACE_MS - 1;
    await prune(shared);
    const bytes = new Uint8Array(3 * CHUNK_BYTES);
    await early.disks[0]?.reader.read(0, bytes);
    shared.nowMs += 1;
    await prune(shared);
    await expect(late.disks[0]?.reader.read(0, bytes)).rejects.toMatchObject({ code: 'EXPIRED' });
  });
});
