import type { BlockReader } from '@sendense/core';
import { type DiskImage, openDiskImage } from '@sendense/formats';
import type { DiskContent } from '@sendense/testkit';
import type { DiskFixture } from '@sendense/tests/disk-fixtures';
import { MemoryFileSystem } from './memory-file-system.ts';

/** Where the files of fixtures lie in memory. */
export const FOLDER = '/images';

/** The files of a fixture in memory, with some replaced. */
export function fixtureFiles(
  { files }: DiskFixture,
  replaced: Readonly<Record<string, Uint8Array>> = {},
): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  for (const [name, bytes] of files) fileSystem.files.set(`${FOLDER}/${name}`, replaced[name] ?? bytes);
  return fileSystem;
}

/** Opens the image of a fixture as a file whose content says what it is. */
export async function openFixture({ image }: DiskFixture, fileSystem: MemoryFileSystem): Promise<DiskImage> {
  return openDiskImage(`${FOLDER}/${image}`, { fileSystem, parents: { folders: [FOLDER] } });
}

/** Offset of the first part that an image reads, or tells of, other than `content` has it. */
export async function firstDifference(
  image: BlockReader,
  content: DiskContent,
): Promise<{ offset: number; why: string } | undefined> {
  if (image.sizeBytes !== content.sizeBytes) return { offset: 0, why: `the size is ${image.sizeBytes}` };
  const range = { offset: 0, length: content.sizeBytes };
  for await (const { offset, length, kind } of image.extents(range)) {
    const written = kind === 'zero' ? content.extents({ offset, length }) : [];
    for (const part of written) {
      const lost = part.kind === 'data' && content.bytes(part).some((byte) => byte !== 0);
      if (lost) return { offset, why: 'bytes are told as zeros' };
    }
  }
  for (const { offset, length } of content.extents(range)) {
    const most = 2 ** 20 + 512;
    for (let at = offset; at < Math.min(offset + length, offset + 32 * 2 ** 20); at += most) {
      const part = { offset: at, length: Math.min(most, offset + length - at) };
      const into = new Uint8Array(part.length).fill(0xee);
      await image.read(part.offset, into);
      if (Buffer.compare(into, content.bytes(part)) !== 0) return { offset: at, why: 'other bytes' };
    }
  }
  return undefined;
}
