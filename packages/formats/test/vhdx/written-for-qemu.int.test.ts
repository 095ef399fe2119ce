import { stat, writeFile } from 'node:fs/promises';
import { createVhdx, openVhdx } from '@sendense/formats/vhdx';
import { collect } from '@sendense/testkit';
import { testScale } from '@sendense/tests/scale';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { qemuImg } from '../qemu.ts';
import { randomStretches, writeStretches } from '../random-disk.ts';
import { seededRandom } from '../seeded-random.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const SEED = 20_261_124;
const MIB = 1024 * 1024;
const TIB = 1024 ** 4;
const UNIT = 65_536;

const shape = fc.record({
  subformat: fc.constantFrom('dynamic', 'fixed'),
  blockBytes: fc.constantFrom(MIB, 2 * MIB, 32 * MIB, 256 * MIB),
  units: fc.integer({ min: 0, max: 80 }),
  sectors: fc.integer({ min: 1, max: 128 }),
  seed: fc.nat(),
});

describe('a VHDX we write', () => {
  it(`is clean and the same disk for QEMU, whatever is written (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ subformat, blockBytes, units, sectors, seed }) => {
        await using folder = await temporaryFolder();
        const [image, model] = [folder.file('a.vhdx'), folder.file('model')];
        const sizeBytes = units * UNIT + sectors * 512;
        const content = new Uint8Array(sizeBytes);
        const writer = await createVhdx(image, { sizeBytes, subformat, blockBytes });
        const random = seededRandom(seed);
        // Twice over the same disk: the second time most of it is there already.
        for (let pass = 0; pass < 2; pass += 1)
          await writeStretches(randomStretches(sizeBytes, UNIT, random), writer, content, random);
        await writer[Symbol.asyncDispose]();
        await writeFile(model, content);

        await qemuImg('check', '-q', image);
        await qemuImg('compare', '-q', '-f', 'raw', '-F', 'vhdx', model, image);
        expect((await stat(image)).size % MIB).toBe(0);
        const info: unknown = JSON.parse(await qemuImg('info', '--output=json', '-f', 'vhdx', image));
        expect(info).toMatchObject({ 'virtual-size': sizeBytes });
        await using ours = await openVhdx(image);
        expect(ours.info).toMatchObject({
          subformat,
          clusterBytes: blockBytes,
          virtualSizeBytes: sizeBytes,
          warnings: [],
        });
        const read = new Uint8Array(sizeBytes);
        await ours.read(0, read);
        expect(Buffer.compare(read, content)).toBe(0);
      }),
      { seed: SEED, numRuns: Math.round(25 * testScale()) },
    );
  });

  it.each([
    ['of 64 TiB', 64 * TIB, 32 * MIB],
    ['of 8 TiB with a table of 64 MiB', 8 * TIB, MIB],
  ])(
    '%s with blocks spread over it is small and clean',
    { timeout: 60_000 },
    async (_, sizeBytes, blockBytes) => {
      await using folder = await temporaryFolder();
      const image = folder.file('large.vhdx');
      const writer = await createVhdx(image, { sizeBytes, blockBytes });
      const step = Math.floor(sizeBytes / 300 / blockBytes) * blockBytes;
      const offsets = Array.from({ length: 300 }, (__, index) => index * step);
      for (const offset of offsets) await writer.write(offset, new Uint8Array(UNIT).fill(7));
      await writer.flush();
      await writer[Symbol.asyncDispose]();
      await using ours = await openVhdx(image);
      const extents = await collect(ours.extents({ offset: 0, length: sizeBytes }));
      expect(extents.filter(({ kind }) => kind === 'data').map(({ offset }) => offset)).toEqual(offsets);
      // A page of the table and the data for each.
      expect(ours.info.allocatedBytes).toBeLessThan(300 * 3 * UNIT + 8 * MIB);
      await qemuImg('check', '-q', image);
    },
  );
});
