import { writeFile } from 'node:fs/promises';
import { openRaw } from '@sendense/formats/raw';
import { createVmdk, openVmdk, streamVmdk } from '@sendense/formats/vmdk';
import { collect } from '@sendense/testkit';
import { testScale } from '@sendense/tests/scale';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { qemuImg, qemuMap } from '../qemu.ts';
import { randomStretches, writeStretches } from '../random-disk.ts';
import { seededRandom } from '../seeded-random.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const SEED = 20_261_122;
const GRAIN = 65_536;

const shape = fc.record({
  subformat: fc.constantFrom('monolithicSparse', 'monolithicFlat', 'streamOptimized'),
  grains: fc.integer({ min: 0, max: 60 }),
  sectors: fc.integer({ min: 1, max: 128 }),
  seed: fc.nat(),
});

describe('an image we write', () => {
  it(`is equal and mapped alike for QEMU, whatever is written (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ subformat, grains, sectors, seed }) => {
        await using folder = await temporaryFolder();
        const [image, model] = [folder.file('a.vmdk'), folder.file('model')];
        const sizeBytes = grains * GRAIN + sectors * 512;
        const content = new Uint8Array(sizeBytes);
        const writer = await createVmdk(image, { sizeBytes, subformat });
        const random = seededRandom(seed);
        await writeStretches(randomStretches(sizeBytes, GRAIN, random), writer, content, random);
        await writer[Symbol.asyncDispose]();
        await writeFile(model, content);

        await qemuImg('compare', '-q', '-f', 'raw', '-F', 'vmdk', model, image);
        if (subformat !== 'monolithicFlat') await qemuImg('check', '-q', image);
        await using ours = await openVmdk(image, { parents: { folders: [folder.path] } });
        expect(ours.info).toMatchObject({ subformat, virtualSizeBytes: sizeBytes, warnings: [] });
        const read = new Uint8Array(sizeBytes);
        await ours.read(0, read);
        expect(Buffer.compare(read, content)).toBe(0);
        if (subformat !== 'monolithicFlat')
          expect(await collect(ours.map({ offset: 0, length: sizeBytes }))).toEqual(await qemuMap(image));
      }),
      { seed: SEED, numRuns: Math.round(40 * testScale()) },
    );
  });

  it('as a stream is the same disk for QEMU', async () => {
    await using folder = await temporaryFolder();
    const [image, model] = [folder.file('a.vmdk'), folder.file('model')];
    const content = Buffer.alloc(40 * 1024 * 1024 + 512);
    content.fill('text', 100_000, 400_000);
    content.fill(3, 35 * 1024 * 1024, 36 * 1024 * 1024);
    content.fill(9, content.byteLength - 100);
    await writeFile(model, content);
    await using reader = await openRaw(model);
    await writeFile(image, streamVmdk(reader));
    await qemuImg('compare', '-q', '-f', 'raw', '-F', 'vmdk', model, image);
    await qemuImg('check', '-q', image);
    const map = (await qemuMap(image)).filter(({ kind }) => kind === 'data');
    expect(map.map(({ offset, length }) => [offset / GRAIN, length / GRAIN])).toEqual([
      [1, 6],
      [560, 16],
      [640, 512 / GRAIN],
    ]);
  });
});
