import assert from 'node:assert/strict';
import type { EncodedChunks } from '@sendense/core';
import { openMemoryReader } from '../../memory/disk/memory-reader.ts';
import type { ConformanceCase } from '../case.ts';
import { expectBytes, expectCode } from '../expect.ts';
import { CHUNK_BYTES, type ChunkerContext, chunkedDisk, WHOLE } from './chunker-subject.ts';

/** Random bytes, and text. */
const BOTH = Uint32Array.of(0, 1);

async function framesOf({ chunker }: ChunkerContext, wanted = BOTH): Promise<EncodedChunks> {
  const own = chunker();
  return await own.encode(await own.read(openMemoryReader(chunkedDisk()), WHOLE), wanted);
}

/** Compressing, encrypting, and back. */
export const frameCases: readonly ConformanceCase<ChunkerContext>[] = [
  {
    name: 'gives back exactly the chunks that were wanted, in the order they were wanted in',
    clause: 'Chunker.encode: only `wanted`; Chunker.decode',
    async run(context) {
      const wanted = Uint32Array.of(4, 1, 0);
      const frames = await framesOf(context, wanted);
      assert.equal(frames.lengths.length, wanted.length);
      assert.equal(
        frames.lengths.reduce((sum, length) => sum + length, 0),
        frames.bytes.byteLength,
      );
      const content = chunkedDisk();
      const plain = [...wanted].map((index) => {
        const offset = index * CHUNK_BYTES;
        return content.bytes({ offset, length: Math.min(CHUNK_BYTES, content.sizeBytes - offset) });
      });
      expectBytes(await context.chunker().decode(frames), Buffer.concat(plain), 'the decoded chunks');
    },
  },
  {
    name: 'compresses what can be compressed, and blows nothing up',
    clause: 'Chunker.encode: compresses; ChunkerOptions.zstdLevel',
    async run(context) {
      const [random = 0, text = 0] = (await framesOf(context)).lengths;
      assert.ok(text < CHUNK_BYTES / 10, `${text} bytes for text of ${CHUNK_BYTES}`);
      assert.ok(random < CHUNK_BYTES + 256, `${random} bytes for random bytes of ${CHUNK_BYTES}`);
    },
  },
  {
    name: 'shows nothing of the bytes, and encrypts the same chunk differently each time',
    clause: 'Chunker.encode: encrypts; nonces are never derived from the chunk',
    async run(context) {
      const first = await framesOf(context);
      const again = await framesOf(context);
      const plain = chunkedDisk().bytes({ offset: 0, length: 64 });
      assert.equal(Buffer.from(first.bytes).indexOf(plain), -1);
      assert.notDeepEqual(Buffer.from(first.bytes), Buffer.from(again.bytes));
    },
  },
  {
    name: 'refuses frames with any flipped bit, and frames that were cut or lengthened',
    clause: 'Chunker.decode: reject with CORRUPT when any frame fails authentication',
    async run(context) {
      const frames = await framesOf(context);
      const own = context.chunker();
      const step = Math.max(1, Math.floor(frames.bytes.byteLength / 64));
      for (let at = 0; at < frames.bytes.byteLength; at += step) {
        const bytes = Uint8Array.from(frames.bytes);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        await expectCode(() => own.decode({ ...frames, bytes }), 'CORRUPT');
      }
      const [first = 0, second = 0] = frames.lengths;
      for (const lengths of [
        [first - 1, second + 1],
        [first + 1, second - 1],
        [first, second - 1],
        [0, first],
      ])
        await expectCode(() => own.decode({ ...frames, lengths: Uint32Array.from(lengths) }), 'CORRUPT');
      assert.equal((await own.decode(frames)).byteLength, 2 * CHUNK_BYTES, 'the frames themselves are whole');
    },
  },
  {
    name: 'refuses frames of another data key',
    clause: 'ChunkerOptions.dataKey; Chunker.decode: reject with CORRUPT',
    async run(context) {
      const frames = await framesOf(context);
      await expectCode(() => context.chunker({ data: 'b' }).decode(frames), 'CORRUPT');
    },
  },
  {
    name: 'frees a batch with its encoding, and when it is disposed',
    clause: 'Chunker.encode: frees the batch; ChunkBatch: a disposed handle is closed',
    async run({ chunker }) {
      const own = chunker();
      const read = () => own.read(openMemoryReader(chunkedDisk()), WHOLE);
      const encoded = await read();
      await own.encode(encoded, BOTH);
      await expectCode(() => own.encode(encoded, BOTH), 'NOT_OPEN');
      const disposed = await read();
      await disposed[Symbol.asyncDispose]();
      await disposed[Symbol.asyncDispose]();
      await expectCode(() => own.encode(disposed, BOTH), 'NOT_OPEN');
    },
  },
  {
    name: 'refuses to encode a chunk that the batch does not have',
    clause: 'Chunker.encode: `wanted` are indices into the batch',
    async run({ chunker }) {
      const own = chunker();
      const batch = await own.read(openMemoryReader(chunkedDisk()), WHOLE);
      await expectCode(() => own.encode(batch, Uint32Array.of(0, 5)), 'RANGE_INVALID');
    },
  },
  {
    name: 'leaves frames as they are until they are disposed',
    clause: 'Chunker.encode: leave the frames as they are until they are disposed',
    async run(context) {
      const own = context.chunker();
      const encode = async (index: number) =>
        own.encode(await own.read(openMemoryReader(chunkedDisk()), WHOLE), Uint32Array.of(index));
      const first = await encode(0);
      const before = Uint8Array.from(first.bytes);
      const second = await encode(4);
      expectBytes(first.bytes, before, 'the frame of the first call');
      first[Symbol.dispose]?.();
      first[Symbol.dispose]?.();
      const third = await encode(1);
      const content = chunkedDisk();
      expectBytes(
        await own.decode(second),
        content.bytes({ offset: 4 * CHUNK_BYTES, length: CHUNK_BYTES / 2 }),
        'the chunk of the second call',
      );
      expectBytes(
        await own.decode(third),
        content.bytes({ offset: CHUNK_BYTES, length: CHUNK_BYTES }),
        'the chunk of the third call',
      );
    },
  },
];
