import { open, stat, truncate } from 'node:fs/promises';
import { findNativeDriver } from '@sendense/blockio-native';
import type { BlockIoDriver, BlockWriter } from '@sendense/core';
import { createRaw, openRawWriter } from '@sendense/formats/raw';
import { readNativeMode } from '@sendense/plugin-kit';
import { describeUnless } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

const TIB = 1024 ** 4;
/** Reading the holes of this would take longer than any test may. */
const SIZE = 8 * TIB;
const DATA = Buffer.alloc(65_536, 1);

const { driver, reason } = findNativeDriver(readNativeMode() === 'require' ? 'require' : 'auto');

/** What the file holds where `DATA` was written, and the bytes that it takes. */
async function left(path: string): Promise<{ readonly zeros: boolean; readonly allocatedBytes: number }> {
  const handle = await open(path, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(DATA.byteLength), 0, DATA.byteLength, TIB);
    return { zeros: buffer.every((byte) => byte === 0), allocatedBytes: (await stat(path)).blocks * 512 };
  } finally {
    await handle.close();
  }
}

/** Writes in the middle as somebody else does, and makes all of it zeros. */
async function zeroAll(writer: BlockWriter, other: BlockIoDriver, path: string): Promise<void> {
  await using second = await other.openWriter({ kind: 'file', path });
  await second.write(TIB, DATA);
  await writer.zero(0, SIZE);
  await writer.flush();
}

describeUnless(reason, 'zeros of a raw file of many terabytes, where a driver knows its holes', () => {
  const drivers = driver === null ? [] : [driver];

  it('are made without reading it, once others write to a new file too', async () => {
    await using folder = await temporaryFolder();
    const path = folder.file('new.raw');
    await using writer = await createRaw(path, { sizeBytes: SIZE, drivers });
    await writer.endpoint();
    for (const other of drivers) await zeroAll(writer, other, path);
    expect(await left(path)).toEqual({ zeros: true, allocatedBytes: 0 });
  });

  it('are made without reading it in a file that was there', async () => {
    await using folder = await temporaryFolder();
    const path = folder.file('old.raw');
    await (await open(path, 'wx')).close();
    await truncate(path, SIZE);
    await using writer = await openRawWriter(path, { drivers });
    for (const other of drivers) await zeroAll(writer, other, path);
    expect(await left(path)).toEqual({ zeros: true, allocatedBytes: 0 });
  });
});
