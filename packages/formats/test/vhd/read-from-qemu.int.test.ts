import { readFile } from 'node:fs/promises';
import { openVhd } from '@sendense/formats/vhd';
import { describe, expect, it } from 'vitest';
import { qemuImg, qemuIo } from '../qemu.ts';
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
  });
});
