import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { type BlockIoDriver, type BlockReader, copyBlocks, type Extent } from '@sendense/core';
import { openRaw } from '@sendense/formats/raw';
import { createVmdk, openVmdk } from '@sendense/formats/vmdk';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, it } from 'vitest';
import { diskBytes, listed, someExtents, watchedDriver } from '../driver-copies.ts';
import { type TemporaryFolder, temporaryFolder } from '../temporary-folder.ts';

/** Copies to a new image and gives its path: two copies of one disk are equal to the byte. */
async function copied(
  folder: TemporaryFolder,
  from: BlockReader,
  extents: readonly Extent[],
  options: { readonly name: string; readonly driver?: BlockIoDriver },
): Promise<string> {
  const { name, driver } = options;
  await mkdir(folder.file(name));
  const path = folder.file(`${name}/disk.vmdk`);
  await using to = await createVmdk(path, { sizeBytes: from.sizeBytes, contentId: '12345678' });
  await copyBlocks({ from, to, extents: listed(extents), ...(driver && { driver }) });
  await to.flush();
  return path;
}

describe('a copy into a VMDK image by a driver', () => {
  it.each(Array.from({ length: 6 * testScale() }, (_, run) => testSeed() + run))(
    'leaves the very file that reads and writes leave, and is located like it (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      await using folder = await temporaryFolder();
      // More than the 512 grains of a table: a copy goes over its end.
      const disk = diskBytes(random, 500 + seededInteger(random, 60), 512 * seededInteger(random, 3));
      await writeFile(folder.file('disk'), disk);
      await using from = await openRaw(folder.file('disk'));
      const extents = someExtents(random, disk.byteLength);
      const { driver, requests } = watchedDriver();
      const plain = await copied(folder, from, extents, { name: 'plain' });
      const moved = await copied(folder, from, extents, { name: 'moved', driver });
      assert.equal(Buffer.compare(await readFile(moved), await readFile(plain)), 0);
      assert.ok(requests.length > 0);
      await using image = await openVmdk(moved);
      const again = await copied(folder, image, [{ offset: 0, length: image.sizeBytes, kind: 'data' }], {
        name: 'again',
        driver,
      });
      assert.equal(Buffer.compare(await readFile(again), await readFile(plain)), 0);
    },
  );
});
