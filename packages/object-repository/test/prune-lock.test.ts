import { describe, expect, it } from 'vitest';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, type Interceptor, noObjects, type SharedObjects } from './memory-store.ts';
import { CHUNK_BYTES, type SamplePoint, writeSample } from './sample-disk.ts';

const HOUR_MS = 3600 * 1000;
const gone: SamplePoint = { stream: 's', sequence: 1, disk: [1, 2, 3] };

function open(shared: SharedObjects, intercept?: Interceptor) {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  return openObjectRepository({ store: createMemoryStore(shared, intercept), key: testKey }, { clock });
}

async function twoPoints(): Promise<SharedObjects> {
  const shared = noObjects();
  const store = createMemoryStore(shared);
  await using repository = await createObjectRepository({ store, key: testKey, chunkBytes: CHUNK_BYTES });
  await writeSample(repository, gone);
  await writeSample(repository, { ...gone, sequence: 2, disk: [4, 5, 6] });
  return shared;
}

/** Begins a prune that stops before the first operation that `isHere` takes, until it is told to go on. */
async function heldUp(shared: SharedObjects, isHere: (operation: { kind: string; key: string }) => boolean) {
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let isFirst = true;
  const repository = await open(shared, async (operation, run) => {
    if (isFirst && isHere(operation)) {
      isFirst = false;
      reached.resolve();
      await goOn.promise;
    }
    run();
  });
  const prune = async () => {
    await using closing = repository;
    await closing.maintenance.prune({ last: 1 });
  };
  const pruning = prune();
  pruning.catch(() => undefined);
  await reached.promise;
  return { pruning, goOn: goOn.resolve };
}

const locks = ({ objects }: SharedObjects) =>
  [...objects.keys()].filter((key) => key.startsWith('prune/lock'));
const isMarking = ({ kind, key }: { kind: string; key: string }) =>
  kind === 'get' && key.startsWith('packs/');

describe('a prune that was held up for longer than its lock holds', () => {
  it('ends when others came and went meanwhile, and leaves the lock of the one who prunes now', async () => {
    const shared = await twoPoints();
    const first = await heldUp(shared, isMarking);
    shared.nowMs += 2 * HOUR_MS;
    await (await open(shared)).maintenance.prune({ last: 1 });
    expect(locks(shared)).toEqual([]);
    const third = await heldUp(shared, isMarking);
    const [lock] = locks(shared);
    first.goOn();
    await expect(first.pruning).rejects.toMatchObject({ code: 'FENCED' });
    expect(locks(shared)).toEqual([lock]);
    third.goOn();
    await third.pruning;
    expect(locks(shared)).toEqual([]);
  });

  it('ends when another one has the lock now', async () => {
    const shared = await twoPoints();
    const first = await heldUp(shared, isMarking);
    shared.nowMs += 2 * HOUR_MS;
    const second = await heldUp(shared, isMarking);
    first.goOn();
    await expect(first.pruning).rejects.toMatchObject({ code: 'FENCED' });
    second.goOn();
    await second.pruning;
    expect(locks(shared)).toEqual([]);
  });
});

describe('a prune that takes long', () => {
  it('renews its lock while it marks, so that nobody else takes it', async () => {
    const shared = await twoPoints();
    let isTried = false;
    await using repository = await open(shared, async ({ kind, key }, run) => {
      if (isMarking({ kind, key })) shared.nowMs += HOUR_MS / 2;
      if (!isTried && kind === 'list' && key === 'packs/') {
        isTried = true;
        shared.nowMs += HOUR_MS / 4;
        await using other = await open(shared);
        await expect(other.maintenance.prune({ last: 1 })).rejects.toMatchObject({ code: 'LOCKED' });
      }
      run();
    });
    await repository.maintenance.prune({ last: 2 });
    expect(isTried).toBe(true);
    expect(locks(shared)).toEqual([]);
  });
});

it('a prune that asks for the locks of many points keeps its own meanwhile', async () => {
  const shared: SharedObjects = { ...(await twoPoints()), retention: true };
  for (let sequence = 3; sequence <= 5; sequence += 1)
    await writeSample(await open(shared), { ...gone, sequence });
  const others: unknown[] = [];
  await using repository = await open(shared, async ({ kind, key }, run) => {
    if (kind === 'head' && key.startsWith('points/')) {
      shared.nowMs += 0.6 * HOUR_MS;
      await using other = await open(shared);
      others.push(await other.maintenance.prune({ last: 1 }).catch((error: unknown) => error));
    }
    run();
  });
  await repository.maintenance.prune({ last: 1 });
  expect(others).toHaveLength(4);
  for (const other of others) expect(other).toMatchObject({ code: 'LOCKED' });
});
