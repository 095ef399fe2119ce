import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileHandle, type FileSystem, nodeFileSystem } from '@sendense/plugin-kit';
import { DiskContent, openMemoryReader, seededBytes, seededInteger, seededRandom } from '@sendense/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openOverlay, removeOverlays } from './overlay-file.ts';

const CLUSTER = 64 * 1024;
const SIZE = 20 * CLUSTER + 1536;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-overlay-'));
});
afterEach(() => rm(folder, { recursive: true }));

function baseContent(): DiskContent {
  const content = new DiskContent(SIZE);
  content.write(0, seededBytes(7, SIZE));
  return content;
}

it('reads as a plain disk would after any changes, many of them at once, and leaves the base alone', async () => {
  const base = baseContent();
  const model = base.bytes();
  const random = seededRandom(20261122);
  const next = (below: number) => seededInteger(random, below);
  await using overlay = await openOverlay(openMemoryReader(base), 'x', folder, nodeFileSystem);
  const { reader, writer } = overlay.disk;
  for (let round = 0; round < 60; round += 1) {
    // ranges of one round lie apart, though often in one cluster: their order does not matter
    const cuts = Array.from({ length: 12 }, () => next(SIZE)).sort((a, b) => a - b);
    const changes: Promise<void>[] = [];
    for (let index = 0; index + 1 < cuts.length; index += 2) {
      const [start = 0, end = 0] = [cuts[index], cuts[index + 1]];
      if (start === end) continue;
      if (next(3) === 0) {
        model.fill(0, start, end);
        changes.push(writer.zero(start, end - start));
      } else {
        const data = seededBytes(round * 100 + index, end - start);
        model.set(data, start);
        changes.push(writer.write(start, data));
      }
    }
    await Promise.all(changes);
    const found = new Uint8Array(SIZE);
    await reader.read(0, found);
    expect(Buffer.from(found).equals(model)).toBe(true);
  }
  expect(Buffer.from(base.bytes()).equals(baseContent().bytes())).toBe(true);
});

it('takes a byte in a cluster as the cluster, and zeros of whole clusters without writing them', async () => {
  await using overlay = await openOverlay(openMemoryReader(baseContent()), 'x', folder, nodeFileSystem);
  const { writer } = overlay.disk;
  expect(overlay.disk.ownedBytes).toBe(0);
  await writer.write(3 * CLUSTER + 5, Uint8Array.of(1));
  expect(overlay.disk.ownedBytes).toBe(CLUSTER);
  await writer.zero(4 * CLUSTER, 10 * CLUSTER);
  expect(overlay.disk.ownedBytes).toBe(11 * CLUSTER);
  const [file = ''] = await readdir(folder);
  const status = await nodeFileSystem.stat(join(folder, file));
  expect(status?.sizeBytes).toBe(SIZE);
  expect(status?.allocatedBytes).toBeLessThan(3 * CLUSTER);
});

it('is gone with its file when it is closed; one whose service died is removed and told by its export', async () => {
  const first = await openOverlay(openMemoryReader(baseContent()), 'first', folder, nodeFileSystem);
  await using second = await openOverlay(
    openMemoryReader(baseContent()),
    'second.export',
    folder,
    nodeFileSystem,
  );
  expect(await readdir(folder)).toHaveLength(2);
  expect(second.disk.ownedBytes).toBe(0);
  await first[Symbol.asyncDispose]();
  expect(await removeOverlays(folder, nodeFileSystem)).toEqual(['second.export']);
  expect(await readdir(folder)).toEqual([]);
});

it('takes no change after one that failed: what waited may not take half a write for zeros', async () => {
  let failing = false;
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    open: async (path, mode) => {
      const file = await nodeFileSystem.open(path, mode);
      const write = async (data: Uint8Array, position: number) => {
        await file.write(failing ? data.subarray(0, 512) : data, position);
        if (failing) throw new Error('the disk is full');
      };
      return new Proxy(file, {
        get: (target, name) => {
          if (name === 'write') return write;
          const member: unknown = Reflect.get(target, name, target);
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        },
      }) satisfies FileHandle;
    },
  };
  await using overlay = await openOverlay(openMemoryReader(baseContent()), 'x', folder, fileSystem);
  const { reader, writer } = overlay.disk;
  failing = true;
  const torn = writer.write(0, new Uint8Array(CLUSTER).fill(9));
  const waits = writer.zero(0, CLUSTER);
  await expect(torn).rejects.toThrow('the disk is full');
  await expect(waits).rejects.toMatchObject({ code: 'NOT_OPEN' });
  await expect(writer.flush()).rejects.toMatchObject({ code: 'NOT_OPEN' });
  const found = new Uint8Array(CLUSTER);
  await reader.read(0, found);
  expect(Buffer.from(found).equals(baseContent().bytes().subarray(0, CLUSTER))).toBe(true);
});
