import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FileHandle } from './file-handle.ts';
import { nodeFileSystem } from './node-file-system.ts';
import { writeZeros } from './write-zeros.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-zeros-'));
  path = join(folder, 'disk');
});
afterEach(() => rm(folder, { recursive: true }));

/** Makes a sparse file with sevens in some ranges. */
async function sparse(sizeBytes: number, ranges: readonly (readonly [number, number])[]): Promise<void> {
  await using file = await open(path, 'w');
  await file.truncate(sizeBytes);
  for (const [offset, length] of ranges) await file.write(Buffer.alloc(length, 7), 0, length, offset);
}

/** Zeroes a range of the file, and tells what was written for it. */
async function zeroed(offset: number, length: number): Promise<(readonly [number, number])[]> {
  await using file = await nodeFileSystem.open(path, 'read-write');
  const writes: (readonly [number, number])[] = [];
  const handle: FileHandle = {
    read: (into, position) => file.read(into, position),
    write: (data, position) => {
      writes.push([position, data.byteLength]);
      return file.write(data, position);
    },
    size: () => file.size(),
    truncate: (size) => file.truncate(size),
    sync: () => file.sync(),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
  await writeZeros(handle, { offset, length });
  return writes;
}

it('writes nothing where zeros are read already', async () => {
  await sparse(8 * MIB, [[5 * MIB, 4096]]);
  expect(await zeroed(0, 5 * MIB)).toEqual([]);
});

it('writes only the pieces that hold something, and nothing outside the range', async () => {
  await sparse(4 * MIB, [
    [100, 300],
    [MIB - 4096, 8192],
    [3 * MIB, 128 * KIB],
  ]);
  const { blocks } = await stat(path);
  const writes = await zeroed(200, 4 * MIB - 400);
  expect(writes).toEqual([
    [200, 64 * KIB - 200],
    [MIB - 64 * KIB, 64 * KIB],
    [MIB, 64 * KIB],
    [3 * MIB, 128 * KIB],
  ]);
  const bytes = await readFile(path);
  expect(bytes.subarray(0, 200)).toEqual(Buffer.alloc(200).fill(7, 100));
  expect(bytes.subarray(200).every((byte) => byte === 0)).toBe(true);
  expect((await stat(path)).blocks).toBeLessThan(blocks + (4 * 64 * KIB) / 512);
});

it('writes what lies beyond the end of the file', async () => {
  await sparse(100, []);
  expect(await zeroed(0, 1000)).toEqual([[0, 1000]]);
  expect((await stat(path)).size).toBe(1000);
});

it('stops at an abort', async () => {
  await sparse(4 * MIB, [[0, 4 * MIB]]);
  await using file = await nodeFileSystem.open(path, 'read-write');
  const aborted = writeZeros(file, { offset: 0, length: 4 * MIB }, { signal: AbortSignal.abort() });
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
  expect((await readFile(path))[0]).toBe(7);
});
