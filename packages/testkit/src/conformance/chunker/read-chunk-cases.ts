import assert from 'node:assert/strict';
import type { ChunkBatch } from '@sendense/core';
import { openMemoryReader } from '../../memory/disk/memory-reader.ts';
import type { ConformanceCase } from '../case.ts';
import { CHUNK_BYTES, type ChunkerContext, chunkedDisk, WHOLE } from './chunker-subject.ts';

const ID_BYTES = 32;

/** The ids of a batch as text. */
export function idsOf({ ids }: Pick<ChunkBatch, 'ids'>): string[] {
  const text = Buffer.from(ids).toString('hex');
  return Array.from({ length: ids.byteLength / ID_BYTES }, (_, at) => text.slice(at * 64, at * 64 + 64));
}

/** Cutting and naming. */
export const readChunkCases: readonly ConformanceCase<ChunkerContext>[] = [
  {
    name: 'cuts each range into chunks in its order, the last one shorter, none over two ranges',
    clause: 'Chunker.read: `ranges` is packed [offset, length]; ChunkBatch.lengths',
    async run({ chunker }) {
      const reader = openMemoryReader(chunkedDisk());
      const half = CHUNK_BYTES / 2;
      const ranges = Float64Array.of(3 * CHUNK_BYTES, CHUNK_BYTES + half, 0, half, CHUNK_BYTES, half);
      const batch = await chunker().read(reader, ranges);
      assert.deepEqual([...batch.lengths], [CHUNK_BYTES, half, half, half]);
      assert.deepEqual([batch.ids.byteLength, batch.zero.byteLength], [4 * ID_BYTES, 4]);
      const single = await chunker().read(reader, Float64Array.of(CHUNK_BYTES, half));
      assert.equal(idsOf(batch)[3], idsOf(single)[0]);
      await batch[Symbol.asyncDispose]();
      await single[Symbol.asyncDispose]();
    },
  },
  {
    name: 'gives equal bytes equal ids and other bytes other ids, in every batch',
    clause: 'ChunkBatch.ids: 32 bytes a chunk',
    async run({ chunker }) {
      const first = await chunker().read(openMemoryReader(chunkedDisk()), WHOLE);
      const again = await chunker().read(openMemoryReader(chunkedDisk()), WHOLE);
      assert.deepEqual(idsOf(first), idsOf(again));
      assert.equal(idsOf(first)[0], idsOf(first)[3]);
      assert.equal(new Set(idsOf(first)).size, 4);
      await first[Symbol.asyncDispose]();
      await again[Symbol.asyncDispose]();
    },
  },
  {
    name: 'gives other ids with another key, and the same with another data key',
    clause: 'ChunkBatch.ids: keyed BLAKE3; ChunkerOptions.idKey',
    async run({ chunker }) {
      const reader = openMemoryReader(chunkedDisk());
      const batches = [
        await chunker().read(reader, WHOLE),
        await chunker({ id: 'a' }).read(reader, WHOLE),
        await chunker({ data: 'a' }).read(reader, WHOLE),
      ];
      const [own = [], other = [], same = []] = batches.map(idsOf);
      assert.ok(own.every((id) => !other.includes(id)));
      assert.deepEqual(same, own);
      for (const batch of batches) await batch[Symbol.asyncDispose]();
    },
  },
  {
    name: 'tells chunks that are all zeros',
    clause: 'ChunkBatch.zero: 1 when it is all zeros',
    async run({ chunker }) {
      const content = chunkedDisk();
      // one byte at the very end is no zero chunk
      content.write(3 * CHUNK_BYTES - 1, Uint8Array.of(1));
      const batch = await chunker().read(openMemoryReader(content), WHOLE);
      assert.deepEqual([...batch.zero], [0, 0, 0, 0, 0]);
      const zeros = await chunker().read(openMemoryReader(chunkedDisk()), WHOLE);
      assert.deepEqual([...zeros.zero], [0, 0, 1, 0, 0]);
      await batch[Symbol.asyncDispose]();
      await zeros[Symbol.asyncDispose]();
    },
  },
  {
    name: 'reads an endpoint as it reads a reader',
    clause: 'Chunker.read: from a reader or an endpoint',
    async run({ chunker, attach }) {
      const content = chunkedDisk();
      const byReader = await chunker().read(openMemoryReader(content), WHOLE);
      const byEndpoint = await chunker().read(await attach(content), WHOLE);
      assert.deepEqual(idsOf(byEndpoint), idsOf(byReader));
      assert.deepEqual(byEndpoint.lengths, byReader.lengths);
      await byReader[Symbol.asyncDispose]();
      await byEndpoint[Symbol.asyncDispose]();
    },
  },
];
