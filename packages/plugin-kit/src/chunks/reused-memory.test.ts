import { randomBytes } from 'node:crypto';
import { type BlockReader, type ChunkerOptions, Secret } from '@sendense/core';
import { expect, it } from 'vitest';
import { createChunker } from './create-chunker.ts';

const CHUNK = 65_536;
const options: ChunkerOptions = {
  chunkBytes: CHUNK,
  idKey: new Secret('1'.repeat(64)),
  dataKey: new Secret('2'.repeat(64)),
  zstdLevel: 3,
};
const noEndpoint = () => Promise.reject(new Error('there are no endpoints here'));

/** A reader of `bytes` that notes the memory it was given. */
function notingReader(bytes: Uint8Array, seen: ArrayBufferLike[] = []): BlockReader {
  return {
    sizeBytes: bytes.byteLength,
    limits: { alignmentBytes: 1, maxBytes: CHUNK, maxInFlight: 4, order: 'random' },
    async read(offset, into) {
      seen.push(into.buffer);
      into.set(bytes.subarray(offset, offset + into.byteLength));
    },
    async *extents(range) {
      yield { ...range, kind: 'data' };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

const whole = (bytes: Uint8Array) => Float64Array.of(0, bytes.byteLength);

it('a batch has its memory to itself until it is encoded or disposed, and the next one uses it again', async () => {
  await using chunker = createChunker(options, noEndpoint);
  const [one, other, third] = [randomBytes(2 * CHUNK), randomBytes(2 * CHUNK), randomBytes(2 * CHUNK)];
  const seen: ArrayBufferLike[] = [];
  const first = await chunker.read(notingReader(one, seen), whole(one));
  const second = await chunker.read(notingReader(other, seen), whole(other));
  expect(new Set(seen).size).toBe(4);
  const frames = await chunker.encode(first, Uint32Array.of(0, 1));
  expect(Buffer.compare(await chunker.decode(frames), one)).toBe(0);
  await second[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
  const again: ArrayBufferLike[] = [];
  await chunker.read(notingReader(third, again), whole(third));
  await chunker.read(notingReader(third, again), whole(third));
  expect(new Set([...seen, ...again]).size).toBe(4);
});

it('frames stay as they are until they are disposed, once or twice, and the next ones take their memory then', async () => {
  await using chunker = createChunker(options, noEndpoint);
  const encode = async (bytes: Uint8Array) =>
    chunker.encode(await chunker.read(notingReader(bytes), whole(bytes)), Uint32Array.of(0));
  const [one, other] = [randomBytes(CHUNK), randomBytes(CHUNK)];
  const first = await encode(one);
  const second = await encode(other);
  expect(Buffer.compare(await chunker.decode(first), one)).toBe(0);
  expect(Buffer.compare(await chunker.decode(second), other)).toBe(0);
  first[Symbol.dispose]?.();
  first[Symbol.dispose]?.();
  const [third, fourth] = [await encode(one), await encode(one)];
  expect(third.bytes.buffer).toBe(first.bytes.buffer);
  expect([first.bytes.buffer, second.bytes.buffer]).not.toContain(fourth.bytes.buffer);
});

it('memory that a failed reader was given is not used again', async () => {
  await using chunker = createChunker(options, noEndpoint);
  const bytes = randomBytes(2 * CHUNK);
  const seen: ArrayBufferLike[] = [];
  const reader = notingReader(bytes, seen);
  const failing: BlockReader = {
    ...reader,
    async read(offset, into) {
      await reader.read(offset, into);
      throw new Error('bad sector');
    },
  };
  await expect(chunker.read(failing, whole(bytes))).rejects.toThrow('bad sector');
  const again: ArrayBufferLike[] = [];
  await chunker.read(notingReader(bytes, again), whole(bytes));
  expect(again.filter((buffer) => seen.includes(buffer))).toEqual([]);
});

it('many short chunks take little more memory than their bytes', async () => {
  await using chunker = createChunker(options, noEndpoint);
  const seen: ArrayBufferLike[] = [];
  const ranges = Float64Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? at * 512 : 512));
  await chunker.read(notingReader(randomBytes(4 * CHUNK), seen), ranges);
  const taken = [...new Set(seen)].reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect(taken).toBe(100 * 512);
});
