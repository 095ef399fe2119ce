import { writeFile } from 'node:fs/promises';
import { checkQcow2, createQcow2, openQcow2 } from '@sendense/formats/qcow2';
import { createRaw } from '@sendense/formats/raw';
import { collect } from '@sendense/testkit';
import { testScale } from '@sendense/tests/scale';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { qemuImg, qemuMap } from './qemu.ts';
import { randomStretches, writeStretches } from './random-disk.ts';
import { seededRandom } from './seeded-random.ts';
import { temporaryFolder } from './temporary-folder.ts';

const SEED = 42;
/** Clusters written over the large disk: at scale 4, the 20,000 of the memory benchmark. */
const SPREAD_CLUSTERS = Math.round(5000 * testScale());

const shape = fc.record({
  clusterBits: fc.integer({ min: 9, max: 18 }),
  units: fc.integer({ min: 1, max: 400 }),
  extraSectors: fc.integer({ min: 0, max: 3 }),
  compression: fc.constantFrom(undefined, 'zlib' as const, 'zstd' as const),
  backing: fc.boolean(),
  seed: fc.nat(),
});

describe('an image we write', () => {
  it(`is clean, equal and mapped alike for QEMU, whatever is written (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ clusterBits, units, extraSectors, compression, backing, seed }) => {
        await using folder = await temporaryFolder();
        const [image, base, model] = [folder.file('a.qcow2'), folder.file('base'), folder.file('model')];
        const clusterBytes = 2 ** clusterBits;
        const sizeBytes = Math.min(units * clusterBytes, 4 * 1024 * 1024) + extraSectors * 512;
        const content = new Uint8Array(sizeBytes);
        if (backing) await writeFile(base, content.fill(0x5a));
        const writer = await createQcow2(image, {
          sizeBytes,
          clusterBytes,
          ...(compression === undefined ? {} : { compression }),
          ...(backing ? { backing: { file: 'base', format: 'raw' } } : {}),
        });
        const random = seededRandom(seed);
        await writeStretches(randomStretches(sizeBytes, clusterBytes, random), writer, content, random);
        await writer[Symbol.asyncDispose]();
        await writeFile(model, content);

        await qemuImg('check', '-q', image);
        expect(await checkQcow2(image)).toEqual({ errors: 0, leaks: 0, findings: [] });
        await qemuImg('compare', '-q', '-f', 'raw', '-F', 'qcow2', model, image);
        await using ours = await openQcow2(image, { parents: { folders: [folder.path] } });
        const read = new Uint8Array(sizeBytes);
        await ours.read(0, read);
        expect(Buffer.compare(read, content)).toBe(0);
        expect(await collect(ours.map({ offset: 0, length: sizeBytes }))).toEqual(await qemuMap(image));
      }),
      { seed: SEED, numRuns: Math.round(60 * testScale()) },
    );
  });

  it('of 8 TiB with clusters spread over it is small, quick and clean', {
    timeout: 120_000,
  }, async () => {
    await using folder = await temporaryFolder();
    const image = folder.file('large.qcow2');
    const sizeBytes = 8 * 1024 ** 4;
    const step = Math.floor(sizeBytes / SPREAD_CLUSTERS / 65_536) * 65_536;
    const writer = await createQcow2(image, { sizeBytes });
    const data = new Uint8Array(65_536).fill(7);
    for (let index = 0; index < SPREAD_CLUSTERS; index += 1) await writer.write(index * step, data);
    await writer.flush();
    await writer[Symbol.asyncDispose]();
    await qemuImg('check', '-q', image);
    await using ours = await openQcow2(image);
    expect(ours.info.allocatedBytes).toBeLessThan(SPREAD_CLUSTERS * (65_536 + 8192));
    const extents = await collect(ours.extents({ offset: 0, length: sizeBytes }));
    expect(extents.filter(({ kind }) => kind === 'data')).toEqual(
      Array.from({ length: SPREAD_CLUSTERS }, (_, index) => ({
        offset: index * step,
        length: 65_536,
        kind: 'data',
      })),
    );
    expect(await checkQcow2(image)).toEqual({ errors: 0, leaks: 0, findings: [] });
  });

  it('may be zeroed over 8 TiB of a base in a few tables', async () => {
    await using folder = await temporaryFolder();
    const [image, base] = [folder.file('a.qcow2'), folder.file('base')];
    const sizeBytes = 8 * 1024 ** 4;
    await (await createRaw(base, { sizeBytes }))[Symbol.asyncDispose]();
    const writer = await createQcow2(image, { sizeBytes, backing: { file: 'base', format: 'raw' } });
    await writer.zero(65_536, sizeBytes - 65_536);
    await writer.flush();
    await writer[Symbol.asyncDispose]();
    expect(writer.fileBytes).toBeLessThan(1024 * 1024);
    await using ours = await openQcow2(image, { parents: { folders: [folder.path] } });
    const mapped = ours.map({ offset: 0, length: sizeBytes });
    await qemuImg('check', '-q', image);
    expect((await collect(mapped)).map(({ kind, depth }) => [kind, depth])).toEqual([
      ['data', 1],
      ['zero', 0],
    ]);
    expect(await collect(ours.ownExtents({ offset: 0, length: sizeBytes }))).toEqual([
      { offset: 65_536, length: sizeBytes - 65_536, kind: 'zero' },
    ]);
    expect(await checkQcow2(image)).toEqual({ errors: 0, leaks: 0, findings: [] });
  });

  it.each([512, 65_536, 2 * 1024 * 1024])(
    'of one sector with clusters of %i bytes is equal',
    async (clusterBytes) => {
      await using folder = await temporaryFolder();
      const [image, model] = [folder.file('a.qcow2'), folder.file('model')];
      const writer = await createQcow2(image, { sizeBytes: 512, clusterBytes });
      await writer.write(0, new Uint8Array(512).fill(9));
      await writer.flush();
      await writer[Symbol.asyncDispose]();
      await writeFile(model, new Uint8Array(512).fill(9));
      await qemuImg('check', '-q', image);
      const compared = await qemuImg('compare', '-f', 'raw', '-F', 'qcow2', model, image);
      expect(compared).toContain('identical');
    },
  );
});
