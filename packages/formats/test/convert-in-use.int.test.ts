import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { createFormatConverter } from '@sendense/formats/convert';
import { expect, it } from 'vitest';
import { qemuImg } from './qemu.ts';
import { temporaryFolder } from './temporary-folder.ts';

it('a target that QEMU has open is refused until QEMU has ended', async () => {
  await using folder = await temporaryFolder();
  const [source, target] = [folder.file('source'), folder.file('target')];
  await writeFile(source, new Uint8Array(65_536).fill(7));
  await qemuImg('create', '-q', '-f', 'qcow2', target, '1M');
  const convert = () =>
    createFormatConverter().convert({
      source: { path: source, format: 'raw' },
      target: { path: target, format: 'qcow2' },
      overwrite: true,
    });
  const qemu = spawn('qemu-io', ['-f', 'qcow2', target]);
  qemu.stdin.write('length\n');
  await once(qemu.stdout, 'data');
  await expect(convert()).rejects.toMatchObject({ code: 'LOCKED' });
  expect(await readdir(folder.path)).toEqual(['source', 'target']);
  const ended = once(qemu, 'exit');
  qemu.stdin.end('quit\n');
  await ended;
  expect(await convert()).toMatchObject({ virtualSizeBytes: 65_536 });
});
