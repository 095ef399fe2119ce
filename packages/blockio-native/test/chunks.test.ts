import { createNativeDriver } from '@sendense/blockio-native';
import { type Chunker, type ChunkerOptions, type EncodedChunks, Secret } from '@sendense/core';
import { createChunker } from '@sendense/plugin-kit/chunks';
import { chunkerConformance, DiskContent, openMemoryReader, seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { describeNative, openFixture } from './fixtures.ts';

const CHUNK = 65_536;
const options: ChunkerOptions = {
  chunkBytes: CHUNK,
  idKey: new Secret('1'.repeat(64)),
  dataKey: new Secret('2'.repeat(64)),
  zstdLevel: 3,
};

/** Random bytes, text, zeros, random bytes around text, and the other way round; and a short rest. */
function mixedDisk(): DiskContent {
  const text = Buffer.from('all work and no play '.repeat(CHUNK / 20)).subarray(0, CHUNK);
  const content = new DiskContent(5 * CHUNK + 512);
  content.write(0, seededBytes(1, CHUNK));
  content.write(CHUNK, text);
  content.write(3 * CHUNK, seededBytes(2, CHUNK));
  content.write(3 * CHUNK + 20_000, text.subarray(0, 30_000));
  content.write(4 * CHUNK, text);
  content.write(4 * CHUNK + 20_000, seededBytes(3, 30_000));
  content.write(5 * CHUNK, seededBytes(4, 512));
  return content;
}

const ALL = Uint32Array.of(0, 1, 2, 3, 4, 5);

/** The zstd of the crate: where Node has the same one, frames have the same lengths; else the same chunks are compressed. */
const ZSTD = '1.5.7';
const shapeOf = ({ lengths }: EncodedChunks) =>
  Array.from(lengths, (length) => (process.versions.zstd === ZSTD ? length : length > CHUNK));

function nativeChunker(): Chunker {
  const chunker = createNativeDriver().chunker?.(options);
  if (chunker === undefined) throw new Error('the native driver has no chunker');
  return chunker;
}

const portableChunker = () => createChunker(options, () => Promise.reject(new Error('no endpoints here')));

async function work(chunker: Chunker) {
  const content = mixedDisk();
  const batch = await chunker.read(openMemoryReader(content), Float64Array.of(0, content.sizeBytes));
  const { ids, zero, lengths } = batch;
  return {
    ids: Buffer.from(ids),
    zero: [...zero],
    lengths: [...lengths],
    frames: await chunker.encode(batch, ALL),
  };
}

describeNative('chunks', () => {
  chunkerConformance(
    { describe, it },
    {
      name: 'blockio-native',
      open: async () => {
        const fixture = await openFixture();
        return { ...fixture, attach: fixture.endpoint };
      },
    },
  );

  it('are named, cut and compressed as in TypeScript, and each reads what the other made', async () => {
    const [native, portable] = [nativeChunker(), portableChunker()];
    const [own, other] = [await work(native), await work(portable)];
    expect({ ...own, frames: shapeOf(own.frames) }).toEqual({ ...other, frames: shapeOf(other.frames) });
    const plain = Buffer.from(mixedDisk().bytes());
    expect(Buffer.compare(await native.decode(other.frames), plain)).toBe(0);
    expect(Buffer.compare(await portable.decode(own.frames), plain)).toBe(0);
  });

  it('stop between two chunks when they are aborted', async () => {
    await using chunker = nativeChunker();
    const content = new DiskContent(256 * CHUNK);
    content.write(0, seededBytes(9, 256 * CHUNK));
    const reader = openMemoryReader(content);
    const batch = await chunker.read(reader, Float64Array.of(0, content.sizeBytes));
    const abort = new AbortController();
    const encoding = chunker.encode(
      batch,
      Uint32Array.from({ length: 256 }, (_, at) => at),
      abort,
    );
    abort.abort();
    const outcome = encoding.then(({ bytes }) => `${bytes.byteLength} bytes`); // which nobody can read in a failure
    await expect(outcome).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
