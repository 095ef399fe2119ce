import { deflateSync } from 'node:zlib';
import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import type { ByteSource } from '../bytes/byte-source.ts';
import { MappedBytes } from '../bytes/mapped-bytes.ts';
import { ZisofsBytes } from './zisofs-bytes.ts';

const BLOCK = 2 ** 15;
const HEADER = 16;
const SIZE = 3 * BLOCK - 100;
/** A block of text, one of zeros that takes no space, and one that ends before it is full. */
const BLOCKS = [Buffer.alloc(BLOCK, 'one'), Buffer.alloc(0), Buffer.alloc(BLOCK - 100, 'three')];

/** A file as zisofs stores it. */
function storedFile(): Buffer {
  const packed = BLOCKS.map((block) => (block.byteLength === 0 ? block : deflateSync(block)));
  const head = Buffer.alloc(HEADER + 4 * 4);
  head.write('37e45396c9dbd607', 'hex');
  head.writeUInt32LE(SIZE, 8);
  head.writeUInt8(HEADER / 4, 12);
  head.writeUInt8(15, 13);
  let at = head.byteLength;
  for (const [index, { byteLength }] of packed.entries()) {
    head.writeUInt32LE(at, HEADER + index * 4);
    at += byteLength;
  }
  head.writeUInt32LE(at, HEADER + packed.length * 4);
  return Buffer.concat([head, ...packed]);
}

function open(stored: Buffer, sizeBytes = SIZE): ZisofsBytes {
  const source: ByteSource = {
    sizeBytes: stored.byteLength,
    read: async (offset, into) => into.set(stored.subarray(offset, offset + into.byteLength)),
  };
  const runs = async function* () {
    yield { fileBlock: 0, blocks: stored.byteLength, volumeBlock: 0 };
  };
  const bytes = new MappedBytes(source, 1, stored.byteLength, runs);
  return new ZisofsBytes(bytes, { sizeBytes, blockBytes: BLOCK });
}

async function contentOf(file: ZisofsBytes, offset = 0, length = SIZE): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (const piece of await collect(file.read({ offset, length })))
    bytes.set(piece.bytes, piece.offset - offset);
  return bytes;
}

it('Blocks are inflated, and those without space are holes', async () => {
  const whole = Buffer.concat([
    BLOCKS[0] ?? Buffer.alloc(0),
    Buffer.alloc(BLOCK),
    BLOCKS[2] ?? Buffer.alloc(0),
  ]);
  const file = open(storedFile());
  expect(await contentOf(file)).toEqual(whole);
  expect(await contentOf(file, BLOCK - 7, BLOCK + 20)).toEqual(whole.subarray(BLOCK - 7, 2 * BLOCK + 13));
  expect(await collect(file.extents({ offset: 5, length: SIZE }))).toEqual([
    { offset: 5, length: BLOCK - 5, kind: 'data' },
    { offset: BLOCK, length: BLOCK, kind: 'zero' },
    { offset: 2 * BLOCK, length: BLOCK - 100, kind: 'data' },
  ]);
  expect(await collect(file.read({ offset: SIZE, length: 10 }))).toEqual([]);
});

it.each([
  ['is not marked as one', 0, 0],
  ['has another size than its folder says', 8, 1],
  ['has another header than any', 12, 5],
  ['has blocks of another size than its folder says', 13, 16],
  ['has a pointer into its head', HEADER, 3],
  ['has pointers that go backwards', HEADER + 8, 40],
  ['has a pointer behind its end', HEADER + 14, 1],
  ['has a block that is no zlib', HEADER + 16, 0],
  ['has a block whose checksum is wrong', -1, 0x55],
])('A file that %s is damaged', async (_, at, value) => {
  const stored = storedFile();
  stored.writeUInt8(value, at < 0 ? stored.byteLength + at : at);
  await expect(contentOf(open(stored))).rejects.toMatchObject({ code: 'CORRUPT' });
});

it('A block that inflates to more or less than it should is damaged', async () => {
  for (const more of [-1, 1]) {
    const stored = storedFile();
    stored.writeUInt32LE(SIZE + more, 8);
    await expect(contentOf(open(stored, SIZE + more), 0, SIZE + more)).rejects.toMatchObject({
      code: 'CORRUPT',
    });
  }
});

it('A file without room for its pointers is damaged before it is read', () => {
  expect(() => open(storedFile().subarray(0, HEADER + 15))).toThrow(
    expect.objectContaining({ code: 'CORRUPT' }),
  );
});
