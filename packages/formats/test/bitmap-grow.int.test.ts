import { open } from 'node:fs/promises';
import { addBitmap, openQcow2, removeBitmap } from '@sendense/formats/qcow2';
import { testScale } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { qemuImg, qemuIo } from './qemu.ts';
import { seededRandom } from './seeded-random.ts';
import { temporaryFolder } from './temporary-folder.ts';

const SEED = 20_261_122;
const EDITS = Math.round(60 * testScale());

/** Clusters of the refcount table that the header names. */
async function tableClusters(path: string): Promise<number> {
  await using file = await open(path, 'r');
  return (await file.read(Buffer.alloc(4), 0, 4, 56)).buffer.readUInt32BE(0);
}

// tables that count 2 MiB, 4 MiB and 8 MiB of file before they must grow
describe.each(['refcount_bits=64', 'refcount_bits=32', 'refcount_bits=16'])('an image with %s', (bits) => {
  it(`grows its refcount table with our bitmaps, and QEMU finds it whole all along (seed ${SEED})`, {
    timeout: 120_000 * testScale(),
  }, async () => {
    const random = seededRandom(SEED);
    await using folder = await temporaryFolder();
    const image = folder.file('disk.qcow2');
    await qemuImg('create', '-q', '-f', 'qcow2', '-o', `${bits},cluster_size=512`, image, '64M');
    const names: string[] = [];
    let grown = 0;
    await fillTable(image);
    for (let edit = 0; edit < EDITS; edit += 1) {
      const before = await tableClusters(image);
      if (names.length > 0 && random.below(4) === 0) {
        const [name = ''] = names.splice(random.below(names.length), 1);
        await removeBitmap(image, name);
      } else {
        names.push(`bitmap-${edit}`);
        await addBitmap(image, { name: `bitmap-${edit}`, granularityBytes: 512 << random.below(6) });
      }
      if ((await tableClusters(image)) > before) grown += 1;
      if (edit % 20 === 19) await qemuIo(image, `write ${random.below(60)}M 4k`);
      await qemuImg('check', '-q', image);
    }
    console.info(`seed ${SEED}, ${bits}: ${EDITS} edits, the table grew ${grown} times`);
    expect(grown).toBeGreaterThan(0);
    await using ours = await openQcow2(image);
    expect(ours.bitmaps.map(({ name }) => name)).toEqual(names);
    expect(ours.bitmaps.every(({ consistent }) => consistent)).toBe(true);
  });
});

/** Lets QEMU write until the table of the image could count only a few clusters more. */
async function fillTable(image: string): Promise<void> {
  let written = 0;
  for (let free = await freeInTable(image); free > 24; free = await freeInTable(image)) {
    const bytes = Math.max(4, Math.floor(free / 2)) * 512;
    await qemuIo(image, `write ${written} ${bytes}`);
    written += bytes;
  }
}

/** Clusters that the table could still count, by the size of the file. */
async function freeInTable(image: string): Promise<number> {
  await using file = await open(image, 'r');
  const { buffer } = await file.read(Buffer.alloc(104), 0, 104, 0);
  const entries = buffer.readUInt32BE(56) * 64;
  const perBlock = (512 * 8) / 2 ** buffer.readUInt32BE(96);
  return entries * perBlock - Math.ceil((await file.stat()).size / 512);
}
