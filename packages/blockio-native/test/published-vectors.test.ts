import { createCipheriv } from 'node:crypto';
import { createNativeDriver } from '@sendense/blockio-native';
import { type Chunker, type ChunkerOptions, Secret } from '@sendense/core';
import { createChunker } from '@sendense/plugin-kit/chunks';
import { DiskContent, openMemoryReader } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { describeNative } from './fixtures.ts';

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const MIB = 2 ** 20;

/** BLAKE3-team/BLAKE3, test_vectors.json, keyed mode: lengths of input and the first 32 bytes of their digests. */
const BLAKE3_KEY = Buffer.from('whats the Elvish word for friend');
const BLAKE3 = [
  [1, '6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b'],
  [1023, 'c951ecdf03288d0fcc96ee3413563d8a6d3589547f2c2fb36d9786470f1b9d6e'],
  [1024, '75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4'],
  [1025, '357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69'],
  [2049, '9f29700902f7c86e514ddc4df1e3049f258b2472b6dd5267f61bf13983b78dd5'],
  [31_744, 'efa53b389ab67c593dba624d898d0f7353ab99e4ac9d42302ee64cbf9939a419'],
  [102_400, '1c35d1a5811083fd7119f5d5d1ba027b4d01c0c6c49fb6ff2cf75393ea5db4a7'],
] as const;

/** facebook/zstd, tests/golden-decompression: frames that its authors keep for decoders. */
const ZSTD = [
  ['empty-block', '28b52ffd00001500000000', Buffer.alloc(0)],
  [
    'rle-first-block',
    '28b52ffda4000010000200100002001000020010000200100002001000020010000200100003001000f13e16e1',
    Buffer.alloc(MIB),
  ],
  ['zeroSeq_2B', '28b52ffd00008500006848656c6c6f20576f726c64210a8000', Buffer.from('Hello World!\n')],
] as const;

/**
 * McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", test case 14: a zero key, a zero nonce, 16 zero bytes. They are a body:
 * its first byte says that the 15 others are a chunk as it is.
 */
const FRAME_14 = bytes(`${'00'.repeat(12)}cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919`);

const optionsOf = (dataKey: Uint8Array): ChunkerOptions => ({
  chunkBytes: MIB,
  idKey: new Secret(BLAKE3_KEY.toString('hex')),
  dataKey: new Secret(Buffer.from(dataKey).toString('hex')),
  zstdLevel: 3,
});

const asFrames = (frame: Uint8Array) => ({ bytes: frame, lengths: Uint32Array.of(frame.byteLength) });

function frameOf(body: Uint8Array, key: Uint8Array): Buffer {
  const nonce = Buffer.alloc(12, 5);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(body), cipher.final(), cipher.getAuthTag()]);
}

function publishedVectors(open: (options: ChunkerOptions) => Chunker): void {
  const zeroKey = new Uint8Array(32);

  it.each(BLAKE3)('%i bytes have the id that the authors of BLAKE3 say', async (length, id) => {
    await using chunker = open(optionsOf(zeroKey));
    const content = new DiskContent(length);
    content.write(
      0,
      Uint8Array.from({ length }, (_, at) => at % 251),
    );
    await using batch = await chunker.read(openMemoryReader(content), Float64Array.of(0, length));
    expect(Buffer.from(batch.ids).toString('hex')).toBe(id);
  });

  it('the test case of AES-256-GCM with 16 zero bytes is a frame of 15, which no other key opens', async () => {
    await using chunker = open(optionsOf(zeroKey));
    expect(Buffer.compare(await chunker.decode(asFrames(FRAME_14)), new Uint8Array(15))).toBe(0);
    await using other = open(optionsOf(new Uint8Array(32).fill(1)));
    await expect(other.decode(asFrames(FRAME_14))).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it.each(ZSTD)('the zstd frame %s holds what its authors say', async (_name, frame, content) => {
    await using chunker = open(optionsOf(zeroKey));
    const frames = asFrames(frameOf(Buffer.concat([Uint8Array.of(1), bytes(frame)]), zeroKey));
    expect(Buffer.compare(await chunker.decode(frames), content)).toBe(0);
  });
}

const noEndpoint = () => Promise.reject(new Error('there are no endpoints here'));

describe('the chunk work in TypeScript', () =>
  publishedVectors((options) => createChunker(options, noEndpoint)));

describeNative('the native chunk work', () =>
  publishedVectors((options) => {
    const chunker = createNativeDriver().chunker?.(options);
    if (chunker === undefined) throw new Error('the native driver has no chunker');
    return chunker;
  }),
);
