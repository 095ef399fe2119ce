import { createQcow2, openQcow2, type Qcow2Image } from '@sendense/formats/qcow2';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { expect, it } from 'vitest';
import { MemoryFileSystem } from './memory-file-system.ts';

const CLUSTER = 65_536;
const CLUSTERS = 256;

/** Counts what is read where: a page of a table that went from memory is read again. */
class CountingFileSystem extends MemoryFileSystem {
  readonly reads = new Map<string, number>();

  override async open(path: string, mode: 'read' | 'read-write' | 'create'): Promise<FileHandle> {
    const handle = await super.open(path, mode);
    const read: FileHandle['read'] = (into, position) => {
      const key = `${path} at ${position}`;
      this.reads.set(key, 1 + (this.reads.get(key) ?? 0));
      return handle.read(into, position);
    };
    return { ...handle, read };
  }
}

/** A chain of so many images, each with three clusters of its own; cluster `n` is filled with a byte that tells its image. */
async function chainOf(fileSystem: MemoryFileSystem, depth: number): Promise<Uint8Array> {
  const content = new Uint8Array(CLUSTERS);
  for (let image = 0; image < depth; image += 1) {
    const backing = image === 0 ? {} : { backing: { file: `${image - 1}`, format: 'qcow2' as const } };
    const sizeBytes = CLUSTERS * CLUSTER;
    await using writer = await createQcow2(`/chain/${image}`, { fileSystem, sizeBytes, ...backing });
    const own = [image * 37, image * 101 + 5, image * 7 + 11].map((cluster) => cluster % CLUSTERS);
    for (const cluster of [...new Set(own)].toSorted((left, right) => left - right)) {
      content[cluster] = image + 1;
      await writer.write(cluster * CLUSTER, new Uint8Array(CLUSTER).fill(image + 1));
    }
    await writer.flush();
  }
  return content;
}

async function openTop(fileSystem: CountingFileSystem, depth: number): Promise<Qcow2Image> {
  const image = await openQcow2(`/chain/${depth - 1}`, { fileSystem, parents: { folders: ['/chain'] } });
  fileSystem.reads.clear();
  return image;
}

const DEPTHS = [4, 90] as const;

it.each(DEPTHS)(
  'a walk through a chain of %i images that is copied part by part reads each table once',
  async (depth) => {
    const fileSystem = new CountingFileSystem();
    await chainOf(fileSystem, depth);
    await using image = await openTop(fileSystem, depth);
    for await (const { offset, length, kind } of image.extents({ offset: 0, length: image.sizeBytes })) {
      if (kind === 'zero') continue;
      for (let at = 0; at < length; at += 2 * CLUSTER) {
        const part = { offset: offset + at, length: Math.min(length - at, 2 * CLUSTER) };
        for await (const located of image.locate(part)) expect(located.at).not.toBe('zero');
      }
    }
    expect(fileSystem.reads.size).toBe(2 * depth); // an L1 table and an L2 table of each image
    expect([...fileSystem.reads.values()].filter((times) => times > 1)).toEqual([]);
  },
);

it.each(DEPTHS)(
  'a chain of %i images that is read from start to end reads each table once',
  async (depth) => {
    const fileSystem = new CountingFileSystem();
    const content = await chainOf(fileSystem, depth);
    await using image = await openTop(fileSystem, depth);
    const found = new Uint8Array(CLUSTERS);
    const into = new Uint8Array(CLUSTER);
    for (let cluster = 0; cluster < CLUSTERS; cluster += 1) {
      await image.read(cluster * CLUSTER, into);
      expect(into.every((byte) => byte === into[0])).toBe(true);
      found[cluster] = into[0] ?? 0;
    }
    expect(found).toEqual(content);
    expect([...fileSystem.reads.values()].filter((times) => times > 1)).toEqual([]);
  },
);
