import type { Progress } from '@sendense/core';
import { expect, it } from 'vitest';
import type { MemoryFileSystem } from '../../test/memory-file-system.ts';
import { IMAGE, sampleImage, viewOf } from '../../test/sample-image.ts';
import { checkDiskImage } from './check-disk-image.ts';

it('the check of a QCOW2 tells how far it is, and ends when it is cancelled', async () => {
  const fileSystem = await sampleImage();
  const told: Progress[] = [];
  const onProgress = (progress: Progress) => {
    told.push(progress);
  };
  await checkDiskImage(IMAGE, { fileSystem, onProgress });
  const total = fileSystem.files.get(IMAGE)?.byteLength;
  expect(told.at(-1)).toEqual({ done: total, total, unit: 'bytes' });
  const cancel = new AbortController();
  const check = checkDiskImage(IMAGE, {
    fileSystem,
    signal: cancel.signal,
    onProgress: () => cancel.abort(),
  });
  await expect(check).rejects.toMatchObject({ code: 'ABORTED' });
});

/** `fileSystem` as if its files were block devices, of which neither the status nor the handle tells the size. */
function asDevices(fileSystem: MemoryFileSystem): MemoryFileSystem {
  const devices = Object.create(fileSystem) as MemoryFileSystem;
  devices.stat = async (path) => {
    const status = await fileSystem.stat(path);
    return status && { ...status, kind: 'device', sizeBytes: 0 };
  };
  devices.open = async (path, mode) => {
    const handle = Object.create(await fileSystem.open(path, mode)) as Awaited<
      ReturnType<MemoryFileSystem['open']>
    >;
    handle.size = async () => 0;
    return handle;
  };
  return devices;
}

it('an image on a block device is checked to the end of the device', async () => {
  const fileSystem = await sampleImage();
  const devices = asDevices(fileSystem);
  expect(await checkDiskImage(IMAGE, { fileSystem: devices })).toEqual({ errors: 0, leaks: 0, findings: [] });
  expect(await checkDiskImage(IMAGE, { fileSystem: devices, format: 'raw' })).toMatchObject({ errors: 0 });
  const view = viewOf(fileSystem);
  const block = Number(view.getBigUint64(Number(view.getBigUint64(48))));
  view.setUint16(block, 0);
  expect((await checkDiskImage(IMAGE, { fileSystem: devices })).errors).toBeGreaterThan(0);
});
