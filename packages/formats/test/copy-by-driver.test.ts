import assert from 'node:assert/strict';
import { open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { createFileDriver } from '@sendense/blockio-file';
import { type BlockIoDriver, type BlockReader, copyBlocks, type Extent, type Pace } from '@sendense/core';
import { openDiskImage } from '@sendense/formats';
import { type CreateQcow2Options, createQcow2, openQcow2 } from '@sendense/formats/qcow2';
import { openRaw } from '@sendense/formats/raw';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { droppingSyncFileSystem, seededBytes, seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { bytesOf, CLUSTER, diskBytes, listed, someExtents, watchedDriver } from './driver-copies.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

const MIB = 1024 * 1024;

type Image = Pick<CreateQcow2Options, 'backing' | 'clusterBytes' | 'compression'>;

/** Copies to a new image and gives its bytes. */
async function copied(
  folder: TemporaryFolder,
  from: BlockReader,
  extents: readonly Extent[],
  image: Image,
  options: { readonly driver?: BlockIoDriver; readonly pace?: Pace } = {},
): Promise<Buffer> {
  const path = folder.file(`image-${Math.random()}`);
  await using to = await createQcow2(path, { sizeBytes: from.sizeBytes, ...image });
  await copyBlocks({ from, to, extents: listed(extents), ...options });
  await to.flush();
  return await readFile(path);
}

describe('a copy into a QCOW2 image by a driver', () => {
  it.each(Array.from({ length: 12 * testScale() }, (_, run) => testSeed() + run))(
    'leaves the very file that reads and writes leave (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      await using folder = await temporaryFolder();
      const disk = diskBytes(random, 8 + seededInteger(random, 60), 512 * seededInteger(random, 3));
      await writeFile(folder.file('disk'), disk);
      await writeFile(folder.file('base'), '');
      const backing = { backing: { file: 'base', format: 'raw' } } as const;
      // Tables of half a megabyte and counts of two: both end in the middle of a copy.
      const small = [{}, { clusterBytes: 2048 }][seededInteger(random, 2)] ?? {};
      const image: Image = { ...small, ...[{}, backing][seededInteger(random, 2)] };
      await using from = await openRaw(folder.file('disk'));
      const extents = someExtents(random, disk.byteLength);
      const { driver, requests } = watchedDriver();
      const plain = await copied(folder, from, extents, image);
      const moved = await copied(folder, from, extents, image, { driver });
      assert.equal(Buffer.compare(moved, plain), 0);
      assert.equal(
        requests.length > 0,
        extents.some(({ kind, length }) => kind === 'data' && length >= CLUSTER),
      );
    },
  );

  it.each([
    { sizeMiB: 4096, transfers: 1 },
    { sizeMiB: 20_480, transfers: 3 },
  ])(
    'moves what lies in many L2 tables of $sizeMiB MiB by $transfers transfers',
    async ({ sizeMiB, transfers }) => {
      await using folder = await temporaryFolder();
      const sizeBytes = sizeMiB * MIB;
      await writeFile(folder.file('base'), '');
      await writeFile(folder.file('disk'), '');
      await truncate(folder.file('disk'), sizeBytes);
      await using from = await openRaw(folder.file('disk'));
      const extents: Extent[] = [];
      const disk = await open(folder.file('disk'), 'r+');
      // Whole tables, of two groups.
      const zeros: Extent = { offset: 7300 * MIB, length: 2000 * MIB, kind: 'zero' };
      for (let offset = 0; offset < sizeBytes; offset += 200 * MIB) {
        if (offset === 7400 * MIB) {
          extents.push(zeros);
          offset += zeros.length;
        }
        const kind = extents.length % 3 === 2 ? 'zero' : 'data';
        if (extents.length % 4 > 0)
          await disk.write(seededBytes(1 + offset, 3 * CLUSTER), 0, 3 * CLUSTER, offset);
        extents.push({ offset, length: 4 * CLUSTER, kind });
      }
      await disk.close();
      const image: Image = { backing: { file: 'base', format: 'raw' } };
      const { driver, requests } = watchedDriver();
      const plain = await copied(folder, from, extents, image);
      const moved = await copied(folder, from, extents, image, { driver });
      assert.equal(Buffer.compare(moved, plain), 0);
      assert.equal(requests.length, transfers);
    },
  );

  it('takes what lies in a chain of images, and reads what is compressed', async () => {
    await using folder = await temporaryFolder();
    const disk = diskBytes(seededRandom(5), 40, 0).fill(3, 0, 20 * CLUSTER);
    await writeFile(folder.file('disk'), disk);
    await using raw = await openRaw(folder.file('disk'));
    const half = raw.sizeBytes / 2;
    const bottom = [{ offset: 0, length: half, kind: 'data' }] as const;
    await writeFile(folder.file('base'), await copied(folder, raw, bottom, { compression: 'zlib' }));
    const top = [{ offset: half, length: half, kind: 'data' }] as const;
    const backing = { file: 'base', format: 'qcow2' } as const;
    await writeFile(folder.file('top'), await copied(folder, raw, top, { backing }));
    await using chain = await openDiskImage(folder.file('top'), {
      format: 'qcow2',
      parents: { folders: [folder.path] },
    });
    const whole = [{ offset: 0, length: chain.sizeBytes, kind: 'data' }] as const;
    const { driver, requests } = watchedDriver();
    const moved = await copied(folder, chain, whole, {}, { driver });
    assert.equal(Buffer.compare(moved, await copied(folder, raw, whole, {})), 0);
    const { path } = folder;
    assert.deepEqual(
      requests.map(({ from }) => from),
      [[{ kind: 'file', path: `${path}/top` }]],
    );
  });

  it('never moves more at once than the pace granted by then', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('disk'), seededBytes(3, 40 * CLUSTER));
    await using from = await openRaw(folder.file('disk'));
    let granted = 0;
    let moved = 0;
    const pace: Pace = {
      async take(bytes) {
        const grant = Math.min(bytes, 3 * CLUSTER + 13);
        granted += grant;
        return grant;
      },
    };
    const { driver, requests } = watchedDriver();
    const transfer: NonNullable<BlockIoDriver['transfer']> = (request, call) => {
      moved += bytesOf(request);
      assert.ok(moved <= granted, `${moved} bytes moved, ${granted} granted`);
      return driver.transfer?.(request, call) ?? assert.fail();
    };
    const whole = [{ offset: 0, length: from.sizeBytes, kind: 'data' }] as const;
    await copied(folder, from, whole, {}, { driver: { ...driver, transfer }, pace });
    assert.ok(requests.length >= 10);
    assert.equal(moved, from.sizeBytes);
  });

  it('reads what an image says to lie past the end of its file', async () => {
    await using folder = await temporaryFolder();
    const disk = Buffer.from(seededBytes(4, 4 * CLUSTER)).fill(0, 4 * CLUSTER - 512);
    await writeFile(folder.file('disk'), disk);
    await using raw = await openRaw(folder.file('disk'));
    const whole = [{ offset: 0, length: raw.sizeBytes, kind: 'data' }] as const;
    const image = await copied(folder, raw, whole, {});
    const last = 3 * CLUSTER;
    await using writer = await createQcow2(folder.file('cut'), { sizeBytes: raw.sizeBytes });
    await writer.write(0, disk.subarray(0, last));
    await writer.flush();
    // behind the tables, which have to be whole
    await writer.write(last, disk.subarray(last));
    await writer.flush();
    const { size } = await stat(folder.file('cut'));
    await truncate(folder.file('cut'), size - 512);
    await using cut = await openQcow2(folder.file('cut'));
    const { driver, requests } = watchedDriver();
    const moved = await copied(folder, cut, whole, {}, { driver });
    assert.equal(requests.length, 1);
    assert.equal(Buffer.compare(moved, image), 0);
  });

  it('is failed by a driver that fails, and writes nothing after that', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('disk'), seededBytes(6, 4 * CLUSTER));
    await using from = await openRaw(folder.file('disk'));
    await using to = await createQcow2(folder.file('image'), { sizeBytes: from.sizeBytes });
    const driver: BlockIoDriver = {
      ...createFileDriver(),
      transfer: () => Promise.reject(new Error('broken')),
    };
    const extents = listed([{ offset: 0, length: from.sizeBytes, kind: 'data' }]);
    await expect(copyBlocks({ from, to, extents, driver })).rejects.toThrow('broken');
    await expect(to.flush()).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });

  it('goes through the seam of files where only that reaches them', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('disk'), seededBytes(8, 4 * CLUSTER));
    await using from = await openRaw(folder.file('disk'));
    const fileSystem = droppingSyncFileSystem(nodeFileSystem, () => false);
    const { driver, requests } = watchedDriver();
    await using to = await createQcow2(folder.file('image'), { sizeBytes: from.sizeBytes, fileSystem });
    const extents = listed([{ offset: 0, length: from.sizeBytes, kind: 'data' }]);
    const result = await copyBlocks({ from, to, extents, driver });
    assert.equal(requests.length, 0);
    assert.equal(result.bytesWritten, from.sizeBytes);
  });
});
