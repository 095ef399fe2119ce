import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect, seededInteger, seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { extractToFile } from '../src/extract/extract-to-file.ts';
import type { FileData } from '../src/ntfs/file-data.ts';
import { decompressLzx } from '../src/ntfs/lzx.ts';
import { systemCompressedData } from '../src/ntfs/system-compressed.ts';
import { decompressXpress } from '../src/ntfs/xpress.ts';
import { browse, contentOf } from './support/browse.ts';
import { fillNtfs, makeNtfs, overlayData, setReparsePoint } from './support/ntfs-image.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';

const OVERLAY = 0x8000_0017;
/** Names of files, which begin with the algorithm, the bytes of their chunks, and the number that stands for both. */
const KINDS = [
  ['xpress 4k', 4096, 0],
  ['xpress 8k', 8192, 2],
  ['xpress 16k', 16_384, 3],
  ['lzx', 32_768, 1],
] as const;
const TEXT = 'A file of the system, which the system compressed as it was installed. ';
/** Calls of a program, whose places LZX changes: forwards, backwards, and to what is none. */
const CALLS = Buffer.concat(
  Array.from({ length: 4000 }, (_, index) => {
    const call = Buffer.alloc(9 + (index % 5), 'code');
    call.writeUInt8(0xe8, 2);
    call.writeInt32LE([1000 * index, -7 * index, 2 ** 31 - 1 - index][index % 3] ?? 0, 3);
    return call;
  }),
);
/** Words that lie at multiples of eight and come again, each time from elsewhere: LZX has a code for such distances. */
const WORDS = Buffer.alloc(100_000);
noise(8192, 'words').copy(WORDS);
const chooseWord = seededRandom(7);
for (let at = 8192; at < WORDS.byteLength; at += 8) {
  const from = at - 8 * (1 + seededInteger(chooseWord, 1000));
  WORDS.copy(WORDS, at, from, from + 8);
}
/** Text, what will not shrink, zeros, a program, and an end within a chunk. */
const CONTENT = Buffer.concat([
  Buffer.from(TEXT.repeat(6000)),
  noise(50_000, 'incompressible'),
  Buffer.alloc(70_000),
  Buffer.from(noise(30_000, 'hex').toString('hex')),
  CALLS,
  WORDS,
  Buffer.from('the end'),
]);
/** Lengths of matches that take a byte, and 16 bits. */
const LONG = Buffer.concat([
  Buffer.alloc(200, 7),
  noise(20, 'long'),
  Buffer.alloc(3000, 9),
  noise(20, 'longer'),
]);
const COMPRESSED = 4;
/** Of the end of a chunk of XPRESS: a symbol of up to 15 bits that tells that it ends, and two units that are looked at only. */
const UNREAD_BYTES = 6;

let folder = '';
let image = '';
const stored = new Map<string, Buffer>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-ntfs-wof-'));
  image = join(folder, 'disk.raw');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What wimlib makes of `content`, in chunks: table and chunks lie in an image of WIM as in the stream of a file. */
async function compress(name: string, content: Buffer, chunkBytes: number): Promise<Buffer> {
  const [algorithm] = name.split(' ');
  const source = join(folder, name);
  await mkdir(source);
  await writeFile(join(source, 'file'), content);
  const wim = join(folder, `${name}.wim`);
  run('wimlib-imagex', [
    'capture',
    source,
    wim,
    `--compress=${algorithm}`,
    `--chunk-size=${chunkBytes}`,
    '--no-acls',
  ]);
  const bytes = await readFile(wim);
  const partAt = (at: number) => ({
    storedBytes: bytes.readUIntLE(at, 6),
    flags: bytes.readUInt8(at + 7),
    offset: Number(bytes.readBigUInt64LE(at + 8)),
    sizeBytes: Number(bytes.readBigUInt64LE(at + 16)),
  });
  const table = partAt(0x30);
  for (let at = table.offset; at < table.offset + table.sizeBytes; at += 50) {
    const part = partAt(at);
    if (part.sizeBytes !== content.byteLength) continue;
    expect(part.flags & COMPRESSED).toBe(COMPRESSED);
    return bytes.subarray(part.offset, part.offset + part.storedBytes);
  }
  throw new Error('the image of WIM has no such file');
}

describeWithPeers(
  ['ntfs-tools', 'wim-tools', 'loop-mounts', 'fuse'],
  'files of NTFS that the system compressed',
  () => {
    beforeAll(async () => {
      for (const [name, chunkBytes] of KINDS) stored.set(name, await compress(name, CONTENT, chunkBytes));
      stored.set('xpress long', await compress('xpress long', LONG, 4096));
      makeNtfs(image, '24M', []);
      const write = async (path: string, name: string, content: Buffer, algorithm: number) => {
        await writeFile(path, '');
        await truncate(path, content.byteLength);
        await writeFile(`${path}:WofCompressedData`, stored.get(name) ?? '');
        setReparsePoint(path, OVERLAY, overlayData(algorithm));
      };
      await fillNtfs(
        image,
        async (root) => {
          for (const [name, , algorithm] of KINDS) await write(join(root, name), name, CONTENT, algorithm);
          await write(join(root, 'long'), 'xpress long', LONG, 0);
          await write(join(root, 'wrong chunks'), 'xpress 8k', CONTENT, 0);
          await writeFile(join(root, 'no stream'), 'x');
          setReparsePoint(join(root, 'no stream'), OVERLAY, overlayData(0));
        },
        { options: 'streams_interface=windows' },
      );
    });

    it('hold the bytes that were compressed, whole and in parts', async () => {
      await using session = await browse(await openRawPoint(image));
      for (const [name] of KINDS) {
        expect((await contentOf(session, `/${name}`)).equals(CONTENT), name).toBe(true);
        const found = await session.find(`/${name}`);
        const [offset, length] = [400_001, 100_000];
        const pieces = await collect(session.read(found, { offset, length }));
        const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
        expect(bytes.equals(CONTENT.subarray(offset, offset + length)), name).toBe(true);
        expect(found.stat.allocatedBytes).toBeLessThan(CONTENT.byteLength);
      }
      expect((await contentOf(session, '/long')).equals(LONG)).toBe(true);
    });

    it('are damage when their chunks are not what they say, or are not there', async () => {
      await using session = await browse(await openRawPoint(image));
      await expect(contentOf(session, '/wrong chunks')).rejects.toMatchObject({ code: 'CORRUPT' });
      await expect(session.find('/no stream')).rejects.toMatchObject({ code: 'CORRUPT' });
      const output = join(folder, 'one.tar');
      const { findings } = await extractToFile({ session, path: '/xpress 8k', output, overwrite: true });
      expect(findings).toEqual([]);
    });

    it.each([
      ['xpress long', decompressXpress, LONG.byteLength],
      ['lzx', decompressLzx, 32_768],
    ])(
      'give as many bytes as a chunk of %s has, or damage, whatever its bytes are',
      (name, decompress, size) => {
        const bytes = firstChunkOf(name, size);
        expect(decompress(bytes, size).byteLength).toBe(size);
        const random = seededRandom(testSeed());
        const outcomes = new Set<unknown>();
        for (let round = 0; round < 1000 * testScale(); round += 1)
          outcomes.add(outcomeOf(() => decompress(changed(bytes, random), size).byteLength));
        expect(outcomes).toEqual(new Set(['CORRUPT', size]));
      },
    );

    it.each([
      ['xpress long', decompressXpress, LONG.byteLength],
      ['xpress 4k', decompressXpress, 4096],
      ['lzx', decompressLzx, 32_768],
    ])('are damage wherever a chunk of %s is cut', (name, decompress, size) => {
      const bytes = firstChunkOf(name, size);
      for (let end = 0; end < bytes.byteLength - UNREAD_BYTES; end += 1)
        expect(
          outcomeOf(() => decompress(bytes.subarray(0, end), size)),
          `${end}`,
        ).toBe('CORRUPT');
    });

    it('give what is asked for, or damage, whatever their table says', async () => {
      const bytes = stored.get('xpress 4k') ?? Buffer.alloc(0);
      const tableBytes = (Math.ceil(CONTENT.byteLength / 4096) - 1) * 4;
      const random = seededRandom(testSeed());
      const outcomes = new Set<unknown>();
      for (let round = 0; round < 300 * testScale(); round += 1) {
        const at = seededInteger(random, tableBytes / 4);
        const copy = Buffer.concat([
          changed(bytes.subarray(0, tableBytes), random),
          bytes.subarray(tableBytes),
        ]);
        if (round % 2 === 0) copy.writeUInt32LE(seededInteger(random, 2 ** 32), at * 4);
        const range = { offset: Math.max(0, at - 1) * 4096, length: 2 * 4096 };
        outcomes.add(await collect(packedIn(copy).read(range)).then(lengthOf, codeOf));
      }
      expect(outcomes).toEqual(new Set(['CORRUPT', 2 * 4096]));
    });
  },
);

/** The data of a file of chunks of 4 KiB whose stream is `bytes`. */
function packedIn(bytes: Buffer): FileData {
  return systemCompressedData({
    stored: {
      extents: () => expect.fail('nobody asks where data are'),
      async *read({ offset, length }) {
        yield { offset, bytes: bytes.subarray(offset, offset + length) };
      },
    },
    storedBytes: bytes.byteLength,
    sizeBytes: CONTENT.byteLength,
    packing: { algorithm: 'xpress', chunkBytes: 4096 },
  });
}

function lengthOf(pieces: readonly { readonly bytes: Uint8Array }[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: string }).code;
}

/** The first chunk of what was compressed: behind the table, to where the second one begins. */
function firstChunkOf(name: string, size: number): Buffer {
  const bytes = stored.get(name) ?? Buffer.alloc(0);
  if (size < 4096) return bytes;
  const tableBytes = (Math.ceil(CONTENT.byteLength / size) - 1) * 4;
  return bytes.subarray(tableBytes, tableBytes + bytes.readUInt32LE(0));
}

/** A copy with some bytes changed, of its codes or of what they stand for. */
function changed(bytes: Buffer, random: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let count = 1 + seededInteger(random, 4); count > 0; count -= 1)
    copy[seededInteger(random, copy.byteLength)] = seededInteger(random, 256);
  return copy;
}

function outcomeOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return codeOf(error);
  }
}
