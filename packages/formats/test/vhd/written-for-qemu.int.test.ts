import { writeFile } from 'node:fs/promises';
import { openRaw } from '@sendense/formats/raw';
import { createVhd, openVhd, streamVhd } from '@sendense/formats/vhd';
import { collect } from '@sendense/testkit';
import { testScale } from '@sendense/tests/scale';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { qemuImg, qemuIo, qemuMap } from '../qemu.ts';
import { randomStretches, writeStretches } from '../random-disk.ts';
import { seededRandom } from '../seeded-random.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const SEED = 20_261_123;
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const UNIT = 65_536;

const shape = fc.record({
  options: fc.constantFrom(
    { subformat: 'dynamic' as const },
    { subformat: 'dynamic' as const, blockBytes: 512 * 1024 },
    { subformat: 'fixed' as const },
  ),
  units: fc.integer({ min: 0, max: 80 }),
  sectors: fc.integer({ min: 1, max: 128 }),
  seed: fc.nat(),
});

describe('a VHD we write', () => {
  it(`is the same disk for QEMU, whatever is written (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ options, units, sectors, seed }) => {
        await using folder = await temporaryFolder();
        const [image, model] = [folder.file('a.vhd'), folder.file('model')];
        const askedBytes = units * UNIT + sectors * 512;
        const writer = await createVhd(image, { ...options, sizeBytes: askedBytes });
        const { sizeBytes } = writer;
        expect(sizeBytes).toBe(
          options.subformat === 'fixed' ? Math.ceil(askedBytes / MIB) * MIB : askedBytes,
        );
        const content = new Uint8Array(sizeBytes);
        const random = seededRandom(seed);
        // Twice over the same disk: the second time most of it is there already.
        for (let pass = 0; pass < 2; pass += 1)
          await writeStretches(randomStretches(sizeBytes, UNIT, random), writer, content, random);
        await writer[Symbol.asyncDispose]();
        await writeFile(model, content);

        await qemuImg('compare', '-q', '-f', 'raw', '-F', 'vpc', model, image);
        const info: unknown = JSON.parse(await qemuImg('info', '--output=json', '-f', 'vpc', image));
        expect(info).toMatchObject({ 'virtual-size': sizeBytes });
        await using ours = await openVhd(image);
        expect(ours.info).toMatchObject({
          subformat: options.subformat,
          virtualSizeBytes: sizeBytes,
          warnings: [],
        });
        const read = new Uint8Array(sizeBytes);
        await ours.read(0, read);
        expect(Buffer.compare(read, content)).toBe(0);
        if (options.subformat === 'fixed') return;
        const whole = { offset: 0, length: sizeBytes };
        expect(await collect(ours.map(whole))).toEqual(await qemuMap(image, '-f', 'vpc'));
      }),
      { seed: SEED, numRuns: Math.round(25 * testScale()) },
    );
  });

  it('as a stream is the same disk for QEMU, with the footer where Azure looks for it', async () => {
    await using folder = await temporaryFolder();
    const [image, model] = [folder.file('a.vhd'), folder.file('model')];
    const content = Buffer.alloc(5 * MIB + 512);
    content.fill('text', 100_000, 400_000);
    content.fill(9, content.byteLength - 100);
    await writeFile(model, content);
    await using reader = await openRaw(model);
    await writeFile(image, streamVhd(reader));
    // Not strictly: the stream ends with zeros up to a whole MiB.
    await qemuImg('compare', '-q', '-f', 'raw', '-F', 'vpc', model, image);
    await using ours = await openVhd(image);
    expect(ours.info).toMatchObject({
      virtualSizeBytes: 6 * MIB,
      fileSizeBytes: 6 * MIB + 512,
      warnings: [],
    });
  });

  it('of 2040 GiB with blocks spread over it is small and what QEMU reads', { timeout: 60_000 }, async () => {
    await using folder = await temporaryFolder();
    const image = folder.file('large.vhd');
    const sizeBytes = 2040 * GIB;
    const writer = await createVhd(image, { sizeBytes });
    const step = 6 * GIB + 2 * MIB;
    const data = new Uint8Array(UNIT).fill(7);
    for (let at = 0; at < sizeBytes; at += step) await writer.write(at, data);
    await writer.flush();
    await writer[Symbol.asyncDispose]();
    await using ours = await openVhd(image);
    const extents = await collect(ours.extents({ offset: 0, length: sizeBytes }));
    const expected = Array.from({ length: Math.ceil(sizeBytes / step) }, (_, index) => index * step);
    expect(extents.filter(({ kind }) => kind === 'data').map(({ offset }) => offset)).toEqual(expected);
    expect(ours.info.allocatedBytes).toBeLessThan(expected.length * 4 * UNIT + 16 * MIB);
    const info: unknown = JSON.parse(await qemuImg('info', '--output=json', '-f', 'vpc', image));
    expect(info).toMatchObject({ 'virtual-size': sizeBytes });
    const [last = 0] = expected.slice(-1);
    await qemuIo(image, `read -P 7 ${last} ${UNIT}`, `read -P 0 ${last + UNIT} ${UNIT}`);
  });
});
