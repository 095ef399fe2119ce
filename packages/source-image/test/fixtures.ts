import { open, truncate, writeFile } from 'node:fs/promises';
import { diskId } from '@sendense/core';
import { openDiskImage } from '@sendense/formats';
import { Qcow2Image } from '@sendense/formats/qcow2';
import { createImageSource } from '@sendense/source-image';
import type { SourceFixture } from '@sendense/testkit';
import { chosenDrivers } from '@sendense/tests/drivers';
import { run } from './qemu.ts';
import { machineOf, Workbench } from './workbench.ts';

/** A machine of raw files whose guest writes to them directly. */
export async function openRawFixture(sizes: readonly number[]): Promise<SourceFixture> {
  const bench = await Workbench.open();
  const path = sizes.map((_, index) => bench.path(`disk-${index}.raw`));
  for (const [index, size] of sizes.entries()) await writeFile(path[index] ?? '', new Uint8Array(size));
  const reopen = async () => createImageSource({ path, format: 'raw' }, { drivers: chosenDrivers() });
  const source = await reopen();
  return {
    source,
    machine: await machineOf(source),
    disks: path.map((file) => diskId(file)),
    write: async (disk, offset, data) => {
      await using handle = await open(path[disk] ?? '', 'r+');
      await handle.write(data, 0, data.byteLength, offset);
    },
    resize: (disk, sizeBytes) => truncate(path[disk] ?? '', sizeBytes),
    reopen,
    objects: async () => [],
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}

/** A machine of QCOW2 files that `qemu-io` writes to. */
export async function openQcow2Fixture(sizes: readonly number[]): Promise<SourceFixture> {
  const bench = await Workbench.open();
  const path = sizes.map((_, index) => bench.path(`disk-${index}.qcow2`));
  for (const [index, size] of sizes.entries()) {
    await run('qemu-img', 'create', '-q', '-f', 'qcow2', path[index] ?? '', String(size));
  }
  const reopen = async () => createImageSource({ path }, { drivers: chosenDrivers() });
  const source = await reopen();
  return {
    source,
    machine: await machineOf(source),
    disks: path.map((file) => diskId(file)),
    write: async (disk, offset, data) => {
      const pattern = bench.path('pattern');
      await writeFile(pattern, data);
      await run('qemu-io', '-c', `write -s ${pattern} ${offset} ${data.byteLength}`, path[disk] ?? '');
    },
    resize: async (disk, sizeBytes) => {
      await run('qemu-img', 'resize', '-q', '--shrink', path[disk] ?? '', String(sizeBytes));
    },
    reopen,
    objects: async () => (await Promise.all(path.map(bitmapsOf))).flat(),
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}

async function bitmapsOf(path: string): Promise<string[]> {
  await using image = await openDiskImage(path);
  return image instanceof Qcow2Image ? image.bitmaps.map(({ name }) => `${path}: ${name}`) : [];
}
