import type { Progress } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { describe, expect, it } from 'vitest';
import { MemoryFileSystem } from '../../test/memory-file-system.ts';
import { IMAGE, sampleImage, viewOf } from '../../test/sample-image.ts';
import { checkQcow2 } from './check-qcow2.ts';
import { createQcow2 } from './create-qcow2.ts';

const clean = { errors: 0, leaks: 0, findings: [] };

describe('checkQcow2', () => {
  it.each([{}, { compression: 'zlib' }, { backing: true }, { bitmaps: ['a', 'b'] }] as const)(
    'finds nothing in an image we wrote (%o)',
    async (options) => {
      const fileSystem = await sampleImage(options);
      expect(await checkQcow2(IMAGE, { fileSystem })).toEqual(clean);
    },
  );

  it('finds the same with a window of a few clusters', async () => {
    const fileSystem = await sampleImage({ compression: 'zlib', bitmaps: ['a'] });
    expect(await checkQcow2(IMAGE, { fileSystem, windowClusters: 3 })).toEqual(clean);
  });

  it('reads however many tables into the same few buffers', async () => {
    const few = await buffersOfCheck(2);
    const many = await buffersOfCheck(60);
    expect(many.reads).toBeGreaterThan(few.reads + 100);
    expect(many.buffers).toBeLessThanOrEqual(few.buffers + 2);
  });

  it.each([1000, 3])(
    'tells how far it is, up to the whole file, in windows of %i clusters',
    async (windowClusters) => {
      const fileSystem = await sampleImage({ compression: 'zlib', bitmaps: ['a'] });
      const told: Progress[] = [];
      await checkQcow2(IMAGE, {
        fileSystem,
        windowClusters,
        onProgress: (progress) => {
          told.push(progress);
        },
      });
      const total = fileSystem.files.get(IMAGE)?.byteLength ?? 0;
      expect(told.length).toBeGreaterThan(2);
      expect(told.every((progress) => progress.total === total && progress.unit === 'bytes')).toBe(true);
      expect(told.map(({ done }) => done)).toEqual(told.map(({ done }) => done).toSorted((a, b) => a - b));
      expect(told.some(({ done }) => done > 0 && done < total)).toBe(true);
      expect(told.at(-1)?.done).toBe(total);
    },
  );

  it('ends with the read that is under way when it is cancelled, wherever that is', async () => {
    const sample = await sampleImage({ bitmaps: ['a', 'b'] });
    let all = 0;
    const counted = withReads(sample, () => {
      all += 1;
    });
    await checkQcow2(IMAGE, { fileSystem: counted, windowClusters: 30 });
    for (let last = 1; last < all; last += 1) {
      const cancel = new AbortController();
      let reads = 0;
      const fileSystem = withReads(sample, () => {
        reads += 1;
        if (reads === last) cancel.abort();
      });
      const check = checkQcow2(IMAGE, { fileSystem, windowClusters: 30, signal: cancel.signal });
      await expect(check, `cancelled at read ${last} of ${all}`).rejects.toMatchObject({ code: 'ABORTED' });
      expect(reads - last).toBeLessThanOrEqual(3);
    }
  });

  it('goes through the tables for the parts of the file that they use or count, however long the file is', async () => {
    const short = await readsOfCheck();
    // One refcount block counts 2048 clusters, and all of them are looked at: 21 windows.
    expect(await readsOfCheck(2 ** 30)).toBeLessThan(short * 40);
    expect(await readsOfCheck(2 ** 40)).toBe(await readsOfCheck(2 ** 30));
  });

  it('finds what refers to the very end of a long sparse file', async () => {
    const fileSystem = await sampleImage();
    const view = viewOf(fileSystem);
    const l2 = Number(view.getBigUint64(Number(view.getBigUint64(40))) & 0x00ff_ffff_ffff_fe00n);
    view.setBigUint64(l2 + 8 * 62, (1n << 63n) | (2n ** 36n - 4096n));
    const long = withReads(fileSystem, () => {}, 2 ** 36);
    const { findings } = await checkQcow2(IMAGE, { fileSystem: long, windowClusters: 4096 });
    expect(findings).toMatchObject([
      { code: 'refcount', message: 'the cluster at offset 68719472640 is used 1 times and counted 0' },
      { code: 'copied-flag' },
    ]);
  });

  it('counts a refcount that is too high as a leak', async () => {
    const fileSystem = await sampleImage();
    const view = viewOf(fileSystem);
    const block = Number(view.getBigUint64(Number(view.getBigUint64(48))));
    view.setUint16(block + 2 * (view.byteLength / 4096 - 1), 0);
    view.setUint16(block + 2 * (view.byteLength / 4096 - 2), 7);
    const { errors, leaks } = await checkQcow2(IMAGE, { fileSystem });
    expect({ errors: errors > 0, leaks }).toEqual({ errors: true, leaks: 1 });
  });

  it('finds two entries that share a cluster', async () => {
    const fileSystem = await sampleImage();
    const view = viewOf(fileSystem);
    const l2 = Number(view.getBigUint64(Number(view.getBigUint64(40))) & 0x00ff_ffff_ffff_fe00n);
    view.setBigUint64(l2 + 8, view.getBigUint64(l2));
    const { findings } = await checkQcow2(IMAGE, { fileSystem });
    expect(findings.map(({ code }) => code)).toContain('refcount');
  });

  it('reports an image that a writer marked as corrupt', async () => {
    const fileSystem = await sampleImage();
    viewOf(fileSystem).setBigUint64(72, 2n);
    const { findings } = await checkQcow2(IMAGE, { fileSystem });
    expect(findings.map(({ code }) => code)).toEqual(['corrupt-bit']);
  });

  it('finds every single flipped bit of the tables, except a zero flag', async () => {
    const { files } = await sampleImage({ backing: true, bitmaps: ['a'] });
    const intact = files.get(IMAGE) ?? new Uint8Array();
    const view = new DataView(intact.buffer);
    const l1 = Number(view.getBigUint64(40));
    const l2 = Number(view.getBigUint64(l1) & 0x00ff_ffff_ffff_fe00n);
    const table = Number(view.getBigUint64(48));
    const block = Number(view.getBigUint64(table));
    const missed: string[] = [];
    for (const [name, at, bytes] of [
      ['L1', l1, 8],
      ['L2', l2, 512],
      ['refcount table', table, 64],
      ['refcounts', block, (intact.byteLength / 4096) * 2],
    ] as const) {
      for (let bit = 0; bit < bytes * 8; bit += 1) {
        const isZeroFlag = name === 'L2' && bit % 64 === 56;
        if (!isZeroFlag && !(await flipIsFound(intact, at * 8 + bit))) missed.push(`${name} ${bit}`);
      }
    }
    expect(missed).toEqual([]);
  });
});

/** How often a check of the sample reads, when its file is `fileBytes` long and sparse. */
async function readsOfCheck(fileBytes?: number): Promise<number> {
  let count = 0;
  let done = 0;
  const sample = await sampleImage();
  const fileSystem = withReads(
    sample,
    () => {
      count += 1;
    },
    fileBytes,
  );
  const onProgress = (progress: Progress) => {
    done = progress.done;
  };
  expect(await checkQcow2(IMAGE, { fileSystem, windowClusters: 100, onProgress })).toEqual(clean);
  expect(done).toBe(fileBytes ?? viewOf(sample).byteLength);
  return count;
}

/** Checks an image with `tables` L2 tables; tells how often it read, and into how many buffers. */
async function buffersOfCheck(tables: number): Promise<{ readonly reads: number; readonly buffers: number }> {
  const fileSystem = new MemoryFileSystem();
  const [clusterBytes, coverageBytes] = [4096, 4096 * 512];
  {
    const sizeBytes = tables * coverageBytes;
    await using image = await createQcow2(IMAGE, { fileSystem, sizeBytes, clusterBytes });
    for (let table = 0; table < tables; table += 1)
      await image.write(table * coverageBytes, new Uint8Array(clusterBytes).fill(1));
    await image.flush();
  }
  const buffers = new Set<ArrayBufferLike>();
  let reads = 0;
  const watched = withReads(fileSystem, (into) => {
    reads += 1;
    buffers.add(into.buffer);
  });
  expect(await checkQcow2(IMAGE, { fileSystem: watched })).toEqual(clean);
  return { reads, buffers: buffers.size };
}

/** `fileSystem` with `onRead` told of each read; its files are as long as `fileBytes` says, where that is given. */
function withReads(
  fileSystem: MemoryFileSystem,
  onRead: (into: Uint8Array) => void,
  fileBytes?: number,
): FileSystem {
  const watched = Object.create(fileSystem) as MemoryFileSystem;
  watched.open = async (path, mode) => {
    const handle = await fileSystem.open(path, mode);
    const seen = Object.create(handle) as typeof handle;
    seen.read = (into, position) => {
      onRead(into);
      return handle.read(into, position);
    };
    if (fileBytes !== undefined) seen.size = async () => fileBytes;
    return seen;
  };
  return watched;
}

async function flipIsFound(intact: Uint8Array, bit: number): Promise<boolean> {
  const fileSystem = new MemoryFileSystem();
  const bytes = intact.slice();
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  fileSystem.files.set(IMAGE, bytes);
  const { errors, leaks } = await checkQcow2(IMAGE, { fileSystem });
  return errors + leaks > 0;
}
