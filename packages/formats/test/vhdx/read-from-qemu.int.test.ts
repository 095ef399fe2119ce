import { readFile } from 'node:fs/promises';
import { openVhdx } from '@sendense/formats/vhdx';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { qemuImg, qemuIo } from '../qemu.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const MIB = 1024 * 1024;

/** Subformat, block size, further options of QEMU, size. */
const IMAGES = [
  ['dynamic', MIB, '', 5 * MIB + 512],
  ['dynamic', 8 * MIB, ',block_state_zero=off', 20 * MIB],
  ['fixed', MIB, '', 5 * MIB + 512],
  ['fixed', 8 * MIB, ',block_state_zero=off', 20 * MIB],
] as const;

describe('a VHDX that QEMU wrote', () => {
  it.each(IMAGES)(
    '%s, blocks of %i bytes%s, is read as QEMU reads it',
    async (subformat, block, more, size) => {
      await using folder = await temporaryFolder();
      const [image, raw] = [folder.file('a.vhdx'), folder.file('raw')];
      const options = `subformat=${subformat},block_size=${block}${more}`;
      await qemuImg('create', '-q', '-f', 'vhdx', '-o', options, image, `${size}`);
      await qemuIo(image, 'write -P 1 0 512', 'write -P 2 1048064 1024', `write -P 3 ${size - 512} 512`);
      await qemuImg('convert', '-O', 'raw', image, raw);
      const expected = await readFile(raw);
      await using ours = await openVhdx(image);
      expect(ours.info).toMatchObject({
        subformat,
        clusterBytes: block,
        virtualSizeBytes: size,
        warnings: [],
      });
      const read = new Uint8Array(expected.byteLength);
      await ours.read(0, read);
      expect(Buffer.compare(read, expected)).toBe(0);
    },
  );

  it('of 8 TiB is read up to its end', async () => {
    await using folder = await temporaryFolder();
    const image = folder.file('a.vhdx');
    const size = 8 * 2 ** 40;
    await qemuImg('create', '-q', '-f', 'vhdx', '-o', 'subformat=dynamic,block_size=32M', image, `${size}`);
    const places = [0, 5 * 2 ** 40 + 512, size - 512];
    await qemuIo(image, ...places.map((at, index) => `write -P ${index + 1} ${at} 512`));
    await using ours = await openVhdx(image);
    expect(ours.sizeBytes).toBe(size);
    const blocks = places.map((at) => at - (at % (32 * MIB)));
    const data = (await collect(ours.extents({ offset: 0, length: size }))).filter(
      ({ kind }) => kind === 'data',
    );
    expect(data.map(({ offset, length }) => [offset, length])).toEqual(blocks.map((at) => [at, 32 * MIB]));
    for (const [index, at] of places.entries()) {
      const read = new Uint8Array(512);
      await ours.read(at, read);
      expect(new Set(read)).toEqual(new Set([index + 1]));
    }
  });
});
