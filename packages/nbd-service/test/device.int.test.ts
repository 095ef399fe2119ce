import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededBytes } from '@sendense/testkit';
import { nbdCopy, nbdInfo, qemuIo } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeWorld, type World } from './support/world.ts';

/** No power of two, and no multiple of a mebibyte. */
const SIZE = 5 * 1024 * 1024 + 512;

let world: World;
let device = '';
let bytes: Buffer;

beforeEach(async () => {
  world = await makeWorld();
  // What is on a device belongs to its guest: the head of a QCOW2 image says nothing.
  bytes = Buffer.concat([Buffer.from('QFI\u00fb', 'latin1'), seededBytes(3, SIZE - 4)]);
  const file = join(world.folder, 'lun.raw');
  await writeFile(file, bytes);
  device = execFileSync('losetup', ['--find', '--show', file], { encoding: 'utf8' }).trim();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  execFileSync('losetup', ['--detach', device]);
});

async function copied(uri: string): Promise<Buffer> {
  const out = join(world.folder, 'copy.raw');
  await rm(out, { force: true });
  await nbdCopy(uri, out);
  return readFile(out);
}

describeWithPeers(['loop-mounts', 'nbdinfo', 'nbdcopy', 'qemu-io'], 'a block device as an export', () => {
  it('is read at its true size, byte by byte, and takes no writes', async () => {
    await world.put('lun.json', { device: { path: device } });
    const { exports } = await world.start({ roots: 'any' });
    const uri = exports[0]?.uri ?? '';
    expect(await nbdInfo(uri)).toMatchObject({ exports: [{ 'export-size': SIZE, is_read_only: true }] });
    expect((await copied(uri)).equals(bytes)).toBe(true);
    await expect(qemuIo(['-f', 'raw', uri], ['write -P 1 0 512'])).rejects.toThrow();
  });

  it('stays as it is below an overlay that takes writes', async () => {
    await world.put('lun.json', { device: { path: device }, writable: true });
    const { exports } = await world.start({ roots: 'any' });
    const uri = exports[0]?.uri ?? '';
    await qemuIo(['-f', 'raw', uri], ['write -P 9 64k 128k', 'flush', 'read -P 9 64k 128k']);
    const expected = Buffer.from(bytes).fill(9, 64 * 1024, 192 * 1024);
    expect((await copied(uri)).equals(expected)).toBe(true);
    expect((await readFile(device)).equals(bytes)).toBe(true);
  });

  it('is refused under "image", as a file is under "device"', async () => {
    await world.put('lun.json', { image: { path: device } });
    await world.put('file.json', { device: { path: join(world.folder, 'lun.raw') } });
    const service = await world.start({ roots: 'any' });
    expect(service.exports).toEqual([]);
    const { failures } = await service.reload();
    expect(failures.map(({ error }) => error.message).toSorted()).toEqual([
      expect.stringContaining('is not a regular file'),
      expect.stringContaining('is not a block device'),
    ]);
  });
});
