import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { openDiskImage } from '@sendense/formats';
import { createQcow2, openQcow2 } from '@sendense/formats/qcow2';
import { openRaw, openRawWriter } from '@sendense/formats/raw';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { qemuImg } from './qemu.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

/** No power of two, and no multiple of a mebibyte. */
const SIZE = 3 * 1024 * 1024 + 512;

/** A block device over a file; gone when it is disposed. */
function loopDevice(path: string): Disposable & { readonly path: string } {
  const device = execFileSync('losetup', ['--find', '--show', path], { encoding: 'utf8' }).trim();
  return { path: device, [Symbol.dispose]: () => execFileSync('losetup', ['--detach', device]) };
}

async function disk(folder: TemporaryFolder): Promise<{ readonly path: string; readonly bytes: Buffer }> {
  const path = folder.file('disk');
  const bytes = Buffer.alloc(SIZE, 7).fill(0, 1024 * 1024, 2 * 1024 * 1024);
  await writeFile(path, bytes);
  return { path, bytes };
}

describeWithPeers(['loop-mounts'], 'a block device', () => {
  it('is read as a raw image of its true size', async () => {
    await using folder = await temporaryFolder();
    const { path, bytes } = await disk(folder);
    using device = loopDevice(path);
    await using image = await openRaw(device.path);
    expect(image.info).toMatchObject({ format: 'raw', virtualSizeBytes: SIZE, allocatedBytes: SIZE });
    const read = Buffer.alloc(SIZE);
    await image.read(0, read);
    expect(Buffer.compare(read, bytes)).toBe(0);
    const extents = await collect(image.extents({ offset: 0, length: SIZE }));
    expect(extents.reduce((sum, { length }) => sum + length, 0)).toBe(SIZE);
  });

  it('is written and zeroed where it is told to, and nowhere else', async () => {
    await using folder = await temporaryFolder();
    const { path, bytes } = await disk(folder);
    {
      using device = loopDevice(path);
      await using writer = await openRawWriter(device.path);
      expect([writer.sizeBytes, writer.untouched]).toEqual([SIZE, 'unknown']);
      expect(await writer.endpoint()).toEqual({ kind: 'device', path: device.path });
      await writer.write(512, Buffer.alloc(1024, 9));
      await writer.zero(SIZE - 1024, 1024);
      await writer.flush();
      await expect(writer.write(SIZE, Buffer.alloc(512))).rejects.toMatchObject({ code: expect.any(String) });
    }
    const expected = bytes.fill(9, 512, 1536).fill(0, SIZE - 1024);
    expect(Buffer.compare(await readFile(path), expected)).toBe(0);
  });

  it('that holds a QCOW2 image is read as one, by its content and as a backing file', async () => {
    await using folder = await temporaryFolder();
    const [raw, image] = [folder.file('disk.raw'), folder.file('disk.qcow2')];
    const content = Buffer.alloc(1024 * 1024, 5);
    await writeFile(raw, content);
    await qemuImg('convert', '-O', 'qcow2', raw, image);
    using device = loopDevice(image);
    await using whole = await openDiskImage(device.path);
    expect(whole.info).toMatchObject({ format: 'qcow2', virtualSizeBytes: content.byteLength });
    const top = folder.file('top.qcow2');
    const backing = { file: device.path, format: 'qcow2' } as const;
    const writer = await createQcow2(top, { sizeBytes: content.byteLength, backing });
    await writer.flush();
    await writer[Symbol.asyncDispose]();
    await using chain = await openQcow2(top, { parents: { folders: ['/dev'] } });
    const read = Buffer.alloc(content.byteLength);
    await chain.read(0, read);
    expect(Buffer.compare(read, content)).toBe(0);
  });
});
