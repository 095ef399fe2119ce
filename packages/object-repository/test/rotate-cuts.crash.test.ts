import { SendenseError } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import type { KeyProvider, KeySource } from '../src/keys/key-source.ts';
import {
  createObjectRepository,
  type ObjectRepository,
  openObjectRepository,
} from '../src/object-repository.ts';
import { type Cut, cutEverywhere, runUntil, WAYS_TO_DIE } from './cut-process.ts';
import { plainProvider, testKey } from './keys.ts';
import { createMemoryStore, type Interceptor, noObjects, type SharedObjects } from './memory-store.ts';
import { CHUNK_BYTES, expectSample, type SamplePoint, sampleId, writeSample } from './sample-disk.ts';

/** After it the lock of a process that died is free. */
const LOCK_MS = 3600 * 1000;
const newKey: KeySource = { provider: { ...plainProvider, name: 'new' } satisfies KeyProvider };
const point: SamplePoint = { stream: 's', sequence: 1, disk: [1, 0, 2] };
/** Made before the rotation, in a repository that only the old key opens. */
const before = await oldRepository();

async function oldRepository(): Promise<SharedObjects> {
  const shared = noObjects();
  const options = { store: createMemoryStore(shared), key: testKey, chunkBytes: CHUNK_BYTES };
  await using repository = await createObjectRepository(options);
  await writeSample(repository, point);
  return shared;
}

const open = (shared: SharedObjects, key: KeySource, intercept?: Interceptor): Promise<ObjectRepository> =>
  openObjectRepository({ store: createMemoryStore(shared, intercept), key });

/** The repository by the first of some keys that opens it; `undefined` when none does. */
async function openByAny(
  shared: SharedObjects,
  keys: readonly KeySource[],
  intercept?: Interceptor,
): Promise<ObjectRepository | undefined> {
  for (const key of keys) {
    try {
      return await open(shared, key, intercept);
    } catch (error) {
      if (!SendenseError.is(error, 'KEY_UNAVAILABLE')) throw error;
    }
  }
  return undefined;
}

/** How far a rotation came, as who asked for it heard. */
type Heard = 'nothing' | 'added' | 'removed';

/** The new key first, then the old one goes; what an earlier run did is not done again. */
async function rotate(
  shared: SharedObjects,
  hear: (heard: Heard) => void,
  intercept?: Interceptor,
): Promise<void> {
  await using repository = await openByAny(shared, [testKey, newKey], intercept);
  const { maintenance } = repository ?? expect.fail('no key opens the repository');
  const slots = await maintenance.keys();
  if (!slots.some(({ label }) => label === 'new')) await maintenance.addKey(newKey, { label: 'new' });
  hear('added');
  for (const { id, label } of slots) if (label !== 'new') await maintenance.removeKey(id);
  hear('removed');
}

/** Fails unless the keys that were promised open the repository, and what it holds is whole. */
async function expectWhole(shared: SharedObjects, heard: Heard): Promise<void> {
  const right = { nothing: [testKey], added: [newKey], removed: [newKey] }[heard];
  await using repository = await openByAny(shared, right);
  if (repository === undefined) expect.fail('the right key opens nothing');
  await expectSample(repository, sampleId(point), point.disk);
  const findings = await collect(repository.verify({ depth: 'data' }));
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
}

async function play(cut: Cut): Promise<number> {
  const shared: SharedObjects = { ...before, objects: new Map(before.objects) };
  let heard: Heard = 'nothing';
  const hear = (now: Heard) => {
    heard = now;
  };
  const operations = await runUntil(cut, (intercept) => rotate(shared, hear, intercept));
  await expectWhole(shared, heard);
  shared.nowMs += LOCK_MS;
  await rotate(shared, hear);
  await expectWhole(shared, 'removed');
  expect(await openByAny(shared, [testKey])).toBeUndefined();
  return operations;
}

describe('a rotation of keys that dies at any operation of the store', () => {
  it.each(WAYS_TO_DIE)(
    'leaves a right key that opens all points, and the next one succeeds, when that operation %s',
    async (_what, happens) => {
      expect(await cutEverywhere('rotation', happens, play)).toBeGreaterThan(15);
    },
  );
});
