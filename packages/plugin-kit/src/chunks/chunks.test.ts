import { randomBytes } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { type BlockReader, type ChunkerOptions, Secret, SendenseError } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { decodeBody, encodeBody } from './chunk-body.ts';
import { createChunker } from './create-chunker.ts';
import { cutRanges } from './cut-ranges.ts';
import { sealBody } from './seal-body.ts';

const MIB = 1024 * 1024;
const KEY = '2'.repeat(64);
const options: ChunkerOptions = {
  chunkBytes: MIB,
  idKey: new Secret('1'.repeat(64)),
  dataKey: new Secret(KEY),
  zstdLevel: 3,
};
const noEndpoint = () => Promise.reject(new Error('there are no endpoints here'));

/** A reader of `bytes` that takes short reads on a grid only, and notes them. */
function strictReader(bytes: Uint8Array, seen: number[] = []): BlockReader {
  return {
    sizeBytes: bytes.byteLength,
    limits: { alignmentBytes: 512, maxBytes: 65_536 + 100, maxInFlight: 3, order: 'random' },
    async read(offset, into) {
      seen.push(into.byteLength);
      if (offset % 512 !== 0 || into.byteLength > 65_536) throw new Error('off the grid');
      into.set(bytes.subarray(offset, offset + into.byteLength));
    },
    async *extents(range) {
      yield { ...range, kind: 'data' };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

describe('a chunker', () => {
  it.each([
    ['chunkBytes', { chunkBytes: 0 }],
    ['chunkBytes', { chunkBytes: 2 ** 25 }],
    ['zstdLevel', { zstdLevel: 22 }],
    ['idKey', { idKey: new Secret('1'.repeat(63)) }],
    ['dataKey', { dataKey: new Secret('x'.repeat(64)) }],
  ])('refuses a wrong %s, and does not say the key', (name, wrong) => {
    const failure = expectFailure(() => createChunker({ ...options, ...wrong }, noEndpoint));
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(name) });
    expect(failure.message).not.toMatch(/1{9}|x{9}/);
  });

  it('reads within the limits of the reader', async () => {
    const seen: number[] = [];
    const bytes = randomBytes(2 * MIB + 512);
    await using chunker = createChunker(options, noEndpoint);
    const batch = await chunker.read(strictReader(bytes, seen), Float64Array.of(0, bytes.byteLength));
    expect([...batch.lengths]).toEqual([MIB, MIB, 512]);
    expect(Math.max(...seen)).toBe(65_536);
    const frames = await chunker.encode(batch, Uint32Array.of(2, 0, 1));
    const plain = Buffer.concat([bytes.subarray(2 * MIB), bytes.subarray(0, 2 * MIB)]);
    expect(Buffer.compare(await chunker.decode(frames), plain)).toBe(0);
  });

  it('passes on what the reader failed with, and reads nothing more', async () => {
    const seen: number[] = [];
    const reader = { ...strictReader(new Uint8Array(8 * MIB)), read: failAt(seen) };
    await using chunker = createChunker(options, noEndpoint);
    await expect(chunker.read(reader, Float64Array.of(0, 8 * MIB))).rejects.toThrow('bad sector');
    expect(seen.length).toBeLessThan(10);
  });

  it.each([
    ['half a range', [0]],
    ['a range behind the end', [MIB, 1]],
    ['a range that goes back', [0, -512]],
    ['no number', [Number.NaN, 512]],
  ])('refuses %s', async (_what, ranges) => {
    await using chunker = createChunker(options, noEndpoint);
    const reader = strictReader(new Uint8Array(MIB));
    await expect(chunker.read(reader, Float64Array.from(ranges))).rejects.toMatchObject({
      code: 'RANGE_INVALID',
    });
  });

  it('refuses more chunks than a batch may hold before it makes any', () => {
    expect(() => cutRanges(Float64Array.of(0, 2 ** 40), 512, 2 ** 40)).toThrow(/1048576 chunks/);
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['an unknown way', Uint8Array.of(9, 1, 2, 3)],
    ['a zstd frame that is none', Uint8Array.of(1, 1, 2, 3)],
    [
      'a zstd frame that ends early',
      Buffer.concat([Uint8Array.of(1), zstdCompressSync(Buffer.alloc(999)).subarray(0, -2)]),
    ],
    ['a zstd frame of too much', Buffer.concat([Uint8Array.of(1), zstdCompressSync(Buffer.alloc(8 * MIB))])],
    ['too many plain bytes', new Uint8Array(MIB + 2)],
  ])('calls a body of %s CORRUPT, although it is sealed with the right key', async (_what, body) => {
    await using chunker = createChunker(options, noEndpoint);
    const bytes = sealBody(body, Buffer.from(KEY, 'hex'));
    const frames = { bytes, lengths: Uint32Array.of(bytes.byteLength) };
    await expect(chunker.decode(frames)).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});

describe('the body of a chunk', () => {
  const text = Buffer.from('all work and no play makes Jack a dull boy\n'.repeat(24_386)).subarray(0, MIB);

  it.each([
    ['text', text, 1, 10_000],
    ['random bytes', randomBytes(MIB), 0, MIB + 1],
    ['a few random bytes', randomBytes(1000), 0, 1001],
    ['random bytes before text', Buffer.concat([randomBytes(1000), text.subarray(1000)]), 1, 10_000],
    ['one byte', Buffer.of(7), 0, 2],
  ])('of %s is compressed only where that helps, and is read back', async (_what, chunk, kind, most) => {
    const body = await encodeBody(chunk, 3);
    expect(body[0]).toBe(kind);
    expect(body.byteLength).toBeLessThanOrEqual(most);
    expect(Buffer.compare(await decodeBody(body, MIB), chunk)).toBe(0);
  });
});

function expectFailure(run: () => unknown): SendenseError {
  try {
    run();
  } catch (error) {
    if (SendenseError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function failAt(seen: number[]): BlockReader['read'] {
  return async (offset) => {
    seen.push(offset);
    if (seen.length === 5) throw new Error('bad sector');
  };
}
