import { readFile } from 'node:fs/promises';
import { openVhd } from '@sendense/formats/vhd';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { qemuImg, qemuIo, qemuMap } from '../qemu.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** Subformat, further options of QEMU, size. QEMU rounds sizes up to its geometry unless it is forced not to. */
const IMAGES = [
  ['dynamic', '', 5_000_192],
  ['dynamic', ',force_size=on', 10 * 1024 * 1024 + 512],
  ['fixed', '', 5_000_192],
  ['fixed', ',force_size=on', 7 * 1024 * 1024 + 512],
] as const;

describe('a VHD that QEMU wrote', () => {
  it.each(IMAGES)('%s%s of %i bytes is read as QEMU reads it', async (subformat, more, size) => {
    await using folder = await temporaryFolder();
    const [image, raw] = [folder.file('a.vhd'), folder.file('raw')];
    await qemuImg('create', '-q', '-f', 'vpc', '-o', `subformat=${subformat}${more}`, image, `${size}`);
    const writes = ['write -P 1 0 512', 'write -P 2 2096640 1024', `write -P 3 ${size - 512} 512`];
    await qemuIo(`json:{"driver":"vpc","file":{"driver":"file","filename":"${image}"}}`, ...writes);
    await qemuImg('convert', '-f', 'vpc', '-O', 'raw', image, raw);
    const expected = await readFile(raw);
    await using ours = await openVhd(image);
    expect(ours.info).toMatchObject({ subformat, virtualSizeBytes: expected.byteLength, warnings: [] });
    const read = new Uint8Array(expected.byteLength);
    await ours.read(0, read);
    expect(Buffer.compare(read, expected)).toBe(0);
    // of a fixed disk only drivers that ask the file system know the holes
    if (subformat === 'fixed') return;
    const whole = { offset: 0, length: ours.sizeBytes };
    expect(await collect(ours.map(whole))).toEqual(await qemuMap(image, '-f', 'vpc'));
  });

  it('of the largest size there is, is read and mapped up to its end', async () => {
    await using folder = await temporaryFolder();
    const image = folder.file('a.vhd');
    const size = 2040 * 2 ** 30;
    await qemuImg('create', '-q', '-f', 'vpc', '-o', 'subformat=dynamic,force_size=on', image, `${size}`);
    const written = [3, 2 ** 40 + 512, size - 512];
    const writes = written.map((at, index) => `write -P ${index + 1} ${at - (at % 512)} 512`);
    await qemuIo(`json:{"driver":"vpc","file":{"driver":"file","filename":"${image}"}}`, ...writes);
    await using ours = await openVhd(image);
    expect(ours.sizeBytes).toBe(size);
    expect(await collect(ours.map({ offset: 0, length: size }))).toEqual(await qemuMap(image, '-f', 'vpc'));
    const read = new Uint8Array(1024);
    await ours.read(size - 1024, read);
    expect([read[511], read[512], read[1023]]).toEqual([0, 3, 3]);
  });
});
