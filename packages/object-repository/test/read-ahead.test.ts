import assert from 'node:assert/strict';
import type { BlockReader, PointReader } from '@sendense/core';
import { expect, it } from 'vitest';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, noObjects } from './memory-store.ts';
import { plainChunks } from './plain-chunks.ts';
import { CHUNK_BYTES, type SamplePoint, sampleId, writeSample } from './sample-disk.ts';

const CHUNKS = 600;
const point: SamplePoint = {
  stream: 'a',
  sequence: 1,
  disk: Array.from({ length: CHUNKS }, (_, chunk) => 1 + chunk),
};
const services = { drivers: [plainChunks] };

/** A disk that others read before. */
type Before = (open: () => Promise<BlockReader>) => Promise<unknown>;

/**
 * Reads the first `chunks` of the disk, one after another, so many times, after whatever came `before`; tells of how many bytes of packs
 * each request of the last time was.
 */
async function requestsOf(chunks: number, times = 1, before?: Before): Promise<readonly number[]> {
  const shared = noObjects();
  await using writer = await createObjectRepository(
    { store: createMemoryStore(shared), key: testKey, chunkBytes: CHUNK_BYTES },
    services,
  );
  await writeSample(writer, point);
  const inner = createMemoryStore(shared);
  const requests: number[] = [];
  const store: typeof inner = {
    ...inner,
    get(key, range, options) {
      if (key.startsWith('packs/')) requests.push(range?.length ?? 0);
      return inner.get(key, range, options);
    },
  };
  const cacheBytes = 16 * 1024 * 1024;
  await using repository = await openObjectRepository({ store, key: testKey, cacheBytes }, services);
  await using opened = await repository.open(sampleId(point));
  const others: PointReader[] = [];
  await before?.(async () => {
    const other = await repository.open(sampleId(point));
    others.push(other);
    return other.disks[0]?.reader ?? assert.fail();
  });
  const reader = opened.disks[0]?.reader ?? assert.fail();
  const into = new Uint8Array(CHUNK_BYTES);
  for (let time = 0; time < times; time += 1) {
    requests.length = 0;
    for (let chunk = 0; chunk < chunks; chunk += 1) await reader.read(chunk * CHUNK_BYTES, into);
  }
  for (const other of others) await other[Symbol.asyncDispose]();
  return requests;
}

it('who reads a whole disk makes requests that grow to whole runs', async () => {
  const requests = await requestsOf(CHUNKS);
  expect(requests.length).toBeLessThan(CHUNKS / 10);
  expect(Math.max(...requests)).toBeGreaterThan(32 * CHUNK_BYTES);
});

it('who reads a disk a second time, as a restore that reads back, reads ahead as the first time', async () => {
  expect((await requestsOf(CHUNKS, 2)).length).toBeLessThan(CHUNKS / 10);
});

it('disks that are read at the same time leave each other room: no chunk is asked for twice', async () => {
  const shared = noObjects();
  const created = { store: createMemoryStore(shared), key: testKey, chunkBytes: CHUNK_BYTES };
  await using writer = await createObjectRepository(created, services);
  const points = [1, 2, 3, 4].map((disk) => ({
    stream: `stream-${disk}`,
    sequence: 1,
    disk: point.disk.map((seed) => disk * CHUNKS + seed),
  }));
  for (const each of points) await writeSample(writer, each);
  const inner = createMemoryStore(shared);
  let bytes = 0;
  const store: typeof inner = {
    ...inner,
    get(key, range, options) {
      if (key.startsWith('packs/')) bytes += range?.length ?? 0;
      return inner.get(key, range, options);
    },
  };
  const cacheBytes = 16 * 1024 * 1024;
  await using repository = await openObjectRepository({ store, key: testKey, cacheBytes }, services);
  await Promise.all(
    points.map(async (each) => {
      await using opened = await repository.open(sampleId(each));
      const reader = opened.disks[0]?.reader ?? assert.fail();
      const into = new Uint8Array(CHUNK_BYTES);
      for (let chunk = 0; chunk < CHUNKS; chunk += 1) await reader.read(chunk * CHUNK_BYTES, into);
    }),
  );
  expect(bytes / (points.length * CHUNKS * CHUNK_BYTES)).toBeLessThan(1.05);
});

it('who has a disk open and does not read it takes no share of what is read ahead', async () => {
  const idle: Before = async (open) => {
    for (let reader = 0; reader < 80; reader += 1) await (await open()).read(0, new Uint8Array(512));
  };
  expect((await requestsOf(CHUNKS, 2, idle)).length).toBeLessThan(CHUNKS / 10);
});

it('who closed a disk in the middle of a read takes no share of what is read ahead', async () => {
  const closed: Before = async (open) => {
    for (let reader = 0; reader < 80; reader += 1) {
      const disk = await open();
      const reading = disk.read(0, new Uint8Array(512));
      await disk[Symbol.asyncDispose]();
      await expect(reading).rejects.toMatchObject({ code: 'NOT_OPEN' });
    }
  };
  expect((await requestsOf(CHUNKS, 2, closed)).length).toBeLessThan(CHUNKS / 10);
});

it('who looks at the start of a disk reads little of the rest', async () => {
  const requests = await requestsOf(2);
  expect(requests.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(20 * CHUNK_BYTES);
});
