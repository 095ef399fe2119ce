import { writeFile } from 'node:fs/promises';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from './qemu.ts';
import { Workbench } from './workbench.ts';

const SIZE = 3 * 1024 * 1024;
let bench: Workbench;

describeWithPeers(['qemu-img'], 'an image of any format', () => {
  beforeEach(async () => {
    bench = await Workbench.open();
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  it.each([
    ['vmdk', 'subformat=monolithicSparse'],
    ['vmdk', 'subformat=monolithicFlat'],
    ['vmdk', 'subformat=streamOptimized'],
    ['vpc', 'subformat=dynamic,force_size=on'],
    ['vpc', 'subformat=fixed,force_size=on'],
    ['vhdx', 'subformat=dynamic'],
  ])('is captured with the bytes of its disk: %s (%s)', async (format, options) => {
    const content = Buffer.concat([seededBytes(3, SIZE / 3), Buffer.alloc((SIZE * 2) / 3)]);
    const [raw, path] = [bench.path('disk.raw'), bench.path('disk.img')];
    await writeFile(raw, content);
    await run('qemu-img', 'convert', '-f', 'raw', '-O', format, '-o', options, raw, path);
    const source = bench.source({ path, parents: { folders: [bench.path('')] } });
    const read = Buffer.alloc(SIZE, 0xff);
    await bench.round(source, [], async ({ disks: [disk] }) => {
      expect(disk?.sizeBytes).toBe(SIZE);
      expect(disk?.changes.kind).toBe('full');
      await disk?.reader.read(0, read);
    });
    expect(read.equals(content)).toBe(true);
  });
});
