import { deflateSync, zstdCompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { decompressExtent } from './decompress.ts';

const SECTOR = 4096;
const TEXT = Buffer.from('a line of many\n'.repeat(1000));
const ZLIB = 1;
const LZO = 2;
const ZSTD = 3;

/** As an extent holds it: zeros up to the end of its last sector. */
function stored(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.byteLength / SECTOR) * SECTOR);
  whole.set(bytes);
  return whole;
}

/** Segments of LZO, each of the same literals; the head of one that would go over the end of a sector begins in the next one. */
function segments(count: number, literals: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.alloc(4)];
  let size = 4;
  for (let index = 0; index < count; index += 1) {
    const left = SECTOR - (size % SECTOR);
    const skipped = Buffer.alloc(left < 4 ? left : 0);
    const head = Buffer.alloc(4);
    const body = Buffer.concat([Buffer.of(17 + literals.byteLength), literals, Buffer.of(17, 0, 0)]);
    head.writeUInt32LE(body.byteLength);
    parts.push(skipped, head, body);
    size += skipped.byteLength + 4 + body.byteLength;
  }
  const whole = Buffer.concat(parts);
  whole.writeUInt32LE(whole.byteLength);
  return whole;
}

it.each([
  ['zlib', ZLIB, deflateSync(TEXT)],
  ['Zstandard', ZSTD, zstdCompressSync(TEXT)],
])('An extent of %s gives its bytes, and zeros behind them', async (_title, kind, bytes) => {
  const size = 16_384;
  const plain = Buffer.from(await decompressExtent(kind, stored(bytes), size, SECTOR));
  expect(plain.subarray(0, TEXT.byteLength).equals(TEXT)).toBe(true);
  expect(plain.subarray(TEXT.byteLength).every((byte) => byte === 0)).toBe(true);
  expect(plain.byteLength).toBe(size);
});

it.each([
  ['zlib', ZLIB, deflateSync(TEXT)],
  ['Zstandard', ZSTD, zstdCompressSync(TEXT)],
])('An extent of %s that holds more than it says, or is cut off, is damaged', async (_title, kind, bytes) => {
  const damaged = { code: 'CORRUPT' };
  await expect(decompressExtent(kind, stored(bytes), SECTOR, SECTOR)).rejects.toMatchObject(damaged);
  const cut = bytes.subarray(0, bytes.byteLength - 8);
  await expect(decompressExtent(kind, cut, 16_384, SECTOR)).rejects.toMatchObject(damaged);
  await expect(decompressExtent(kind, stored(bytes), 2 ** 17 + 1, SECTOR)).rejects.toMatchObject(damaged);
});

it('Segments of LZO begin behind one another, never with a head over the end of a sector', async () => {
  // 47 segments of 79 literals end 3 bytes before the end of a sector
  for (const length of [79, 80, 100]) {
    const literals = Buffer.alloc(length, 'x');
    const plain = await decompressExtent(LZO, stored(segments(90, literals)), 16_384, SECTOR);
    expect(Buffer.from(plain.subarray(0, 90 * length)).equals(Buffer.alloc(90 * length, 'x'))).toBe(true);
  }
});

it('What is skipped behind the last segment of LZO belongs to the extent, also where it is counted', async () => {
  const whole = segments(47, Buffer.alloc(79, 'x'));
  expect(whole.byteLength).toBe(SECTOR - 3);
  for (const total of [SECTOR - 3, SECTOR]) {
    whole.writeUInt32LE(total);
    const plain = await decompressExtent(LZO, stored(whole), SECTOR, SECTOR);
    expect(Buffer.from(plain.subarray(0, 47 * 79)).equals(Buffer.alloc(47 * 79, 'x'))).toBe(true);
  }
});

it('Segments of LZO that are longer than their extent are damaged', async () => {
  const bytes = segments(2, Buffer.from('abcdef'));
  bytes.writeUInt32LE(5000, 0);
  await expect(decompressExtent(LZO, stored(bytes), SECTOR, SECTOR)).rejects.toMatchObject({
    code: 'CORRUPT',
  });
  const inner = segments(2, Buffer.from('abcdef'));
  inner.writeUInt32LE(500, 4);
  await expect(decompressExtent(LZO, stored(inner), SECTOR, SECTOR)).rejects.toMatchObject({
    code: 'CORRUPT',
  });
});

it('A way of compressing that is not known is refused', async () => {
  await expect(decompressExtent(4, TEXT, SECTOR, SECTOR)).rejects.toMatchObject({
    code: 'FORMAT_UNSUPPORTED',
  });
});
