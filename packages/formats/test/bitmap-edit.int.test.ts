import { addBitmap, createQcow2, openQcow2, removeBitmap } from '@sendense/formats/qcow2';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { qemuImg, qemuIo } from './qemu.ts';
import { temporaryFolder } from './temporary-folder.ts';

const MIB = 1024 * 1024;

const images = [
  'cluster_size=64k',
  'cluster_size=512',
  'cluster_size=2M',
  'extended_l2=on',
  'refcount_bits=1',
  'refcount_bits=64,cluster_size=512',
];

describe('a bitmap we add', () => {
  it.each([...images, 'ours'])('is accepted, recorded into and removed again (%s)', async (options) => {
    await using folder = await temporaryFolder();
    const image = folder.file('disk.qcow2');
    if (options === 'ours') await ourImage(image);
    else await qemuImg('create', '-q', '-f', 'qcow2', '-o', options, image, '64M');
    await qemuIo(image, 'write 0 1M');
    await addBitmap(image, { name: 'first', granularityBytes: 65_536 });
    await addBitmap(image, { name: 'second', granularityBytes: 512 });
    await qemuImg('check', '-q', image);
    await qemuIo(image, 'write 5M 100k', 'write 60M 64k');
    await qemuImg('check', '-q', image);
    const recorded = await dirtyRanges(image, ['first', 'second']);
    expect(recorded).toEqual([
      [
        [5 * MIB, 131_072],
        [60 * MIB, 65_536],
      ],
      [
        [5 * MIB, 102_400],
        [60 * MIB, 65_536],
      ],
    ]);
    await removeBitmap(image, 'first');
    await qemuImg('check', '-q', image);
    expect(await qemuImg('info', image)).not.toContain('name: first');
    await removeBitmap(image, 'second');
    await qemuImg('check', '-q', image);
    expect(await qemuImg('info', image)).not.toContain('bitmaps');
  });

  it('is refused by name in an image of version 2', async () => {
    await using folder = await temporaryFolder();
    const image = folder.file('disk.qcow2');
    await qemuImg('create', '-q', '-f', 'qcow2', '-o', 'compat=0.10', image, '1M');
    await expect(addBitmap(image, { name: 'a', granularityBytes: 65_536 })).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
    });
  });
});

async function ourImage(path: string): Promise<void> {
  const writer = await createQcow2(path, { sizeBytes: 64 * MIB, clusterBytes: 512 });
  for (let index = 0; index < 2000; index += 1) await writer.write(index * 3584, new Uint8Array(512).fill(1));
  await writer.flush();
  await writer[Symbol.asyncDispose]();
}

async function dirtyRanges(path: string, names: readonly string[]): Promise<(readonly [number, number])[][]> {
  await using image = await openQcow2(path);
  const ranges = [];
  for (const name of names) {
    const found = await collect(image.dirtyExtents(name));
    ranges.push(found.map(({ offset, length }) => [offset, length] as const));
  }
  return ranges;
}
