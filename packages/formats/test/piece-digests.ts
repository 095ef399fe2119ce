import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { alignExtents, type BlockReader, type DiskFormat, type Extent, isZeroBytes } from '@sendense/core';
import { qemuName } from '@sendense/tests/converter';
import { qemuImg } from './qemu.ts';

const PIECE = 65_536;
/** What is read at once. */
const READ_BYTES = 128 * PIECE;

/** Which bytes of a disk are looked at; the others are holes. */
type Looked = { readonly sizeBytes: number; readonly extents: AsyncIterable<Extent> | Iterable<Extent> };

/** Offset and SHA-256 of every piece of 64 KiB of the extents that is not all zeros: the same for every way to hold the same disk. */
async function pieceDigests(
  { sizeBytes, extents }: Looked,
  read: (offset: number, length: number) => Promise<Uint8Array>,
): Promise<string[]> {
  const found: string[] = [];
  const aligned = alignExtents(all(extents), { alignmentBytes: PIECE, sizeBytes });
  for await (const { offset, length, kind } of aligned) {
    if (kind === 'zero') continue;
    for (let at = offset; at < offset + length; at += READ_BYTES) {
      const bytes = await read(at, Math.min(READ_BYTES, offset + length - at));
      for (let from = 0; from < bytes.byteLength; from += PIECE) {
        const piece = bytes.subarray(from, from + PIECE);
        if (!isZeroBytes(piece))
          found.push(`${at + from}: ${createHash('sha256').update(piece).digest('hex')}`);
      }
    }
  }
  return found;
}

/** As our reader gives them. */
export async function digestsByUs(image: BlockReader, extents: Looked['extents']): Promise<string[]> {
  return await pieceDigests({ sizeBytes: image.sizeBytes, extents }, async (offset, length) => {
    const bytes = new Uint8Array(length);
    await image.read(offset, bytes);
    return bytes;
  });
}

/** As `qemu-img` reads them. */
export async function digestsByQemu(path: string, format: DiskFormat, looked: Looked): Promise<string[]> {
  const part = `${path}.part`;
  return await pieceDigests(looked, async (offset, length) => {
    // a window; the count of `qemu-img dd` means something else in each version
    const window = `driver=raw,offset=${offset},size=${length}`;
    const image = `file.driver=${qemuName(format)},file.file.driver=file,file.file.filename=${path}`;
    await qemuImg('convert', '-O', 'raw', '--image-opts', `${window},${image}`, part);
    const bytes = await readFile(part);
    await rm(part);
    if (bytes.byteLength !== length) throw new Error(`${bytes.byteLength} bytes of ${length} at ${offset}`);
    return bytes;
  });
}

async function* all<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
