import assert from 'node:assert/strict';
import { soloFence } from '@sendense/plugin-kit';
import {
  createObjectRepository,
  type ObjectRepository,
  openObjectRepository,
} from '../src/object-repository.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, type Interceptor, noObjects, type SharedObjects } from './memory-store.ts';
import { CHUNK_BYTES, type DiskModel, draftOf, type SamplePoint, writeDisk } from './sample-disk.ts';

/** The grace of the repositories of these tests. */
export const GRACE_MS = 8 * 3600 * 1000;
/** A point of three chunks. */
export const first: SamplePoint = { stream: 'a', sequence: 1, disk: [1, 2, 3] };
/** The same disk by another stream. */
export const twin: SamplePoint = { ...first, stream: 'b' };

/** Opens the repository in some objects, by their clock. */
export function open(shared: SharedObjects, intercept?: Interceptor): Promise<ObjectRepository> {
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  return openObjectRepository({ store: createMemoryStore(shared, intercept), key: testKey }, { clock });
}

/** A new repository. */
export async function create(): Promise<SharedObjects> {
  const shared = noObjects();
  const store = createMemoryStore(shared);
  const options = { store, key: testKey, chunkBytes: CHUNK_BYTES, graceMs: GRACE_MS };
  await (await createObjectRepository(options))[Symbol.asyncDispose]();
  return shared;
}

/** Two writers store one disk at once, so each of its chunks has two copies. */
export async function twoCopies(disk: DiskModel = first.disk): Promise<SharedObjects> {
  const shared = await create();
  await using one = await open(shared);
  await using other = await open(shared);
  await using left = await one.begin(draftOf({ ...first, disk }), soloFence);
  await using right = await other.begin(draftOf({ ...twin, disk }), soloFence);
  await writeDisk(left, { ...first, disk });
  await writeDisk(right, { ...twin, disk });
  await left.commit([]);
  await right.commit([]);
  return shared;
}

/**
 * Does something and gives what deletes the packs that were stored meanwhile: a writer of before the format forbade it did so when it
 * gave up, and young index objects are for what such a one stored.
 */
export async function packsToDelete(shared: SharedObjects, act: () => Promise<unknown>): Promise<() => void> {
  const before = new Set(keysOf(shared, 'packs/'));
  await act();
  const made = keysOf(shared, 'packs/').filter((key) => !before.has(key));
  return () => {
    for (const key of made) shared.objects.delete(key);
  };
}

/** The keys that begin with `prefix`. */
export const keysOf = ({ objects }: SharedObjects, prefix: string) =>
  [...objects.keys()].filter((key) => key.startsWith(prefix));

/** The packs whose frames are chunks of a disk, not nodes: the large ones. */
export const dataPacks = (shared: SharedObjects) =>
  keysOf(shared, 'packs/').filter((key) => (shared.objects.get(key)?.bytes.byteLength ?? 0) > CHUNK_BYTES);

/** Changes a byte of the first frame of a pack, the last byte of what is shorter. */
export function flip(shared: SharedObjects, key: string): void {
  const object = shared.objects.get(key) ?? assert.fail(`there is no ${key}`);
  const bytes = Uint8Array.from(object.bytes);
  const at = Math.min(100, bytes.byteLength - 1);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  shared.objects.set(key, { ...object, bytes });
}
