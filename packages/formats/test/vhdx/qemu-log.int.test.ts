import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { openVhdx } from '@sendense/formats/vhdx';
import { expect, it } from 'vitest';
import { qemuImg, qemuIo } from '../qemu.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { AT, MIB, patchCopies } from './patch-vhdx.ts';

it('a log that QEMU wrote is replayed as QEMU replays it', async () => {
  await using folder = await temporaryFolder();
  const [image, replayed, raw] = [folder.file('a.vhdx'), folder.file('b.vhdx'), folder.file('raw')];
  await qemuImg('create', '-q', '-f', 'vhdx', '-o', 'block_size=1M', image, '10M');
  await qemuIo(image, 'write -P 5 3M 1M', 'write -P 6 1M 512', 'write -P 7 9M 1M');
  const file = await readFile(image);
  // QEMU empties the log as soon as it wrote the table: as if it had died before, the table is gone and the log counts.
  const table = file.indexOf(Buffer.from('6677c22d23f600429d64115e9bfd4a08', 'hex'));
  const tableAt = Number(file.readBigUInt64LE(table + 16));
  expect(file.subarray(AT.log, AT.log + 4).toString('latin1')).toBe('loge');
  const before = file.subarray(tableAt, tableAt + MIB).some((byte) => byte !== 0);
  expect(before).toBe(true);
  file.fill(0, tableAt, tableAt + MIB);
  patchCopies(file, AT.headers, 48, file.subarray(AT.log + 32, AT.log + 48));
  await writeFile(image, file);
  await copyFile(image, replayed);
  await qemuImg('check', '-q', '-r', 'all', replayed);
  await qemuImg('convert', '-O', 'raw', replayed, raw);
  const expected = await readFile(raw);
  // It begins a new log for each of the writes: this is the first.
  expect(expected[3 * MIB]).toBe(5);

  await using ours = await openVhdx(image);
  expect(ours.info.dirty).toBe(true);
  const read = new Uint8Array(expected.byteLength);
  await ours.read(0, read);
  expect(Buffer.compare(read, expected)).toBe(0);
  expect(Buffer.compare(await readFile(image), file)).toBe(0);
});
