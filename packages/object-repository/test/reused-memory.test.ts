import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { BlockIoDriver, LogRecord } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { overlay } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import type { GetOptions, ObjectStore } from '../src/store/object-store.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, noObjects, type SharedObjects } from './memory-store.ts';
import { plainChunks } from './plain-chunks.ts';
import { CHUNK_BYTES, chunkBytes, draftOf, type SamplePoint, sampleId, writeSample } from './sample-disk.ts';

const MIB = 1024 * 1024;
const CHUNKS = 200;
const READERS = 8;
const READS = 60;
const point: SamplePoint = {
  stream: 'a',
  sequence: 1,
  disk: Array.from({ length: CHUNKS }, (_, chunk) => (chunk % 9 === 5 ? 0 : 100 + (chunk % 150))),
};
const whole = Buffer.concat(point.disk.map(chunkBytes));
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A store that spoils the room it is given before it uses it, so that whoever still reads there finds other bytes. */
function spoilingStore(shared: SharedObjects) {
  const inner = createMemoryStore(shared);
  const rooms = new Set<ArrayBufferLike>();
  let used = 0;
  let again = 0;
  const store: ObjectStore = {
    ...inner,
    async get(key, range, { into, ...call }: GetOptions = {}) {
      into?.fill(0xdb);
      if (into === undefined && key.startsWith('packs/')) again += 1;
      const bytes = await inner.get(key, range, call);
      await turn();
      if (into === undefined || into.byteLength < bytes.byteLength) return bytes;
      rooms.add(into.buffer);
      used += 1;
      into.set(bytes);
      return into.subarray(0, bytes.byteLength);
    },
  };
  return { store, rooms, used: () => used, again: () => again };
}

/** Looks at a frame some turns of the event loop after it was asked to, as one that is busy. */
const slowChunks: BlockIoDriver = {
  ...plainChunks,
  chunker(options) {
    const chunker = plainChunks.chunker?.(options) ?? assert.fail();
    return overlay(chunker, {
      async decodeInto(...given) {
        for (let waited = 0; waited < 5; waited += 1) await turn();
        return chunker.decodeInto(...given);
      },
    });
  },
};

describe('memory that is used again', () => {
  it('holds what was read as long as somebody needs it, also with a cache of few chunks and many readers', async () => {
    const shared = noObjects();
    const created = { store: createMemoryStore(shared), key: testKey, chunkBytes: CHUNK_BYTES };
    await using writer = await createObjectRepository(created, { drivers: [slowChunks] });
    await writeSample(writer, point);
    const { store, rooms, used, again } = spoilingStore(shared);
    await using repository = await openObjectRepository(
      { store, key: testKey, cacheBytes: MIB },
      { drivers: [slowChunks] },
    );
    await using reader = await repository.open(sampleId(point));
    const disk = reader.disks[0]?.reader;
    const readAll = async (next: (at: number) => number) => {
      for (let at = 0; at < READS; at += 1) {
        const offset = next(at);
        const into = new Uint8Array(Math.min(5 * CHUNK_BYTES + 512, whole.byteLength - offset)).fill(0xaa);
        await disk?.read(offset, into);
        expect(Buffer.compare(into, whole.subarray(offset, offset + into.byteLength))).toBe(0);
      }
    };
    const anywhere = () => randomInt(CHUNKS) * CHUNK_BYTES + randomInt(CHUNK_BYTES);
    const onward = (at: number) => (at * 3 * CHUNK_BYTES) % (CHUNKS * CHUNK_BYTES);
    await Promise.all(
      Array.from({ length: READERS }, (_, index) => readAll(index % 2 === 0 ? anywhere : onward)),
    );
    expect(used()).toBeGreaterThan(READERS * 4);
    expect(again()).toBe(0); // a frame that was spoiled is read again, alone
    expect(rooms.size).toBeLessThanOrEqual(READERS * 2);
  });

  it('is looked at once more, alone, where a store wrote into it for somebody else', async () => {
    const shared = noObjects();
    const created = { store: createMemoryStore(shared), key: testKey, chunkBytes: CHUNK_BYTES };
    await using writer = await createObjectRepository(created);
    await writeSample(writer, point);
    const inner = createMemoryStore(shared);
    const store: ObjectStore = {
      ...inner,
      async get(key, range, { into, ...call }: GetOptions = {}) {
        const bytes = await inner.get(key, range, call);
        if (into === undefined || !key.startsWith('packs/')) return bytes;
        into.set(bytes);
        into.fill(0xdb, bytes.byteLength >> 1, (bytes.byteLength >> 1) + 1);
        return into.subarray(0, bytes.byteLength);
      },
    };
    const told: LogRecord[] = [];
    const log = (record: LogRecord) => void told.push(record);
    await using repository = await openObjectRepository({ store, key: testKey }, { log });
    await using reader = await repository.open(sampleId(point));
    const into = new Uint8Array(whole.byteLength);
    for (let at = 0; at < CHUNKS; at += 8)
      await reader.disks[0]?.reader.read(
        at * CHUNK_BYTES,
        into.subarray(at * CHUNK_BYTES, (at + 8) * CHUNK_BYTES),
      );
    expect(Buffer.compare(into, whole)).toBe(0);
    expect(told).toMatchObject([{ level: 'warn', fields: { object: expect.stringMatching(/^packs\//) } }]);
  });

  it('is not said to be filled by a reader that is closed meanwhile', async () => {
    const shared = noObjects();
    const created = { store: createMemoryStore(shared), key: testKey, chunkBytes: CHUNK_BYTES };
    await using repository = await createObjectRepository(created, { drivers: [slowChunks] });
    await writeSample(repository, point);
    await using reader = await repository.open(sampleId(point));
    const disk = reader.disks[0]?.reader ?? assert.fail();
    const into = new Uint8Array(2 * CHUNK_BYTES).fill(0xaa);
    const reading = disk.read(0, into);
    await disk[Symbol.asyncDispose]();
    await expect(reading).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });

  it('holds what is written until it is stored, also when the store takes its time', async () => {
    const shared = noObjects();
    const inner = createMemoryStore(shared);
    const store: ObjectStore = {
      ...inner,
      async put(key, bytes, options, call) {
        for (let waited = 0; waited < 50; waited += 1) await turn();
        return inner.put(key, bytes, options, call);
      },
    };
    const many = { ...point, disk: Array.from({ length: 900 }, (_, chunk) => 1 + chunk) };
    await using repository = await createObjectRepository({ store, key: testKey, chunkBytes: CHUNK_BYTES });
    await using made = await repository.begin(draftOf(many), soloFence);
    const disk = [...made.disks.values()][0];
    const data = new Uint8Array(4 * CHUNK_BYTES);
    for (let chunk = 0; chunk < many.disk.length; chunk += 4) {
      for (let at = 0; at < 4; at += 1) data.set(chunkBytes(1 + chunk + at), at * CHUNK_BYTES);
      await disk?.write(chunk * CHUNK_BYTES, data);
      data.fill(0xdb);
    }
    await made.commit([]);
    expect([...shared.objects.keys()].filter((key) => key.startsWith('packs/')).length).toBeGreaterThan(3);
    await using reader = await repository.open(sampleId(many));
    const into = new Uint8Array(CHUNK_BYTES);
    for (const [chunk, seed] of many.disk.entries()) {
      await reader.disks[0]?.reader.read(chunk * CHUNK_BYTES, into);
      expect(Buffer.compare(into, chunkBytes(seed))).toBe(0);
    }
  });
});
