import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { createFormatConverter } from '@sendense/formats/convert';
import { describeWithPeers } from '@sendense/tests/peers';
import { heldByQemu } from '@sendense/tests/qemu';
import { expect, it } from 'vitest';
import { qemuImg, qemuIo } from './qemu.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

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

describeWithPeers(['qemu-storage-daemon'], 'a source that QEMU has open', () => {
  /** `top` over `middle` over `base`. */
  async function chain(): Promise<TemporaryFolder> {
    const folder = await temporaryFolder();
    const create = (name: string, ...below: string[]) =>
      qemuImg('create', '-q', '-f', 'qcow2', ...below, folder.file(name), '4M');
    await create('base');
    await qemuIo(folder.file('base'), 'write -P 7 1M 64k');
    await create('middle', '-b', 'base', '-F', 'qcow2');
    await create('top', '-b', 'middle', '-F', 'qcow2');
    await qemuIo(folder.file('top'), 'write -P 9 2M 64k');
    return folder;
  }

  function convert(folder: TemporaryFolder, name: string, call = {}) {
    const request = {
      source: { path: folder.file(name), format: 'qcow2' as const },
      target: { path: folder.file('target'), format: 'raw' as const },
      overwrite: true,
    };
    return createFormatConverter({ parents: { folders: [folder.path] } }).convert(request, call);
  }

  it('is refused while it is written to, as is what lies above it, until QEMU has ended', async () => {
    await using folder = await chain();
    {
      await using held = await heldByQemu(folder.file('middle'));
      void held;
      for (const name of ['middle', 'top'])
        await expect(convert(folder, name), name).rejects.toMatchObject({
          code: 'LOCKED',
          context: { path: folder.file('middle') },
        });
      expect(await readdir(folder.path)).toEqual(['base', 'middle', 'top']);
    }
    expect(await convert(folder, 'top')).toMatchObject({ findings: [] });
  });

  it('is copied while a running disk above it reads it', async () => {
    await using folder = await chain();
    await using held = await heldByQemu(folder.file('top'));
    void held;
    await convert(folder, 'middle');
    const compare = ['compare', '-U', '-f', 'qcow2', '-F', 'raw'];
    const told = await qemuImg(...compare, folder.file('middle'), folder.file('target'));
    expect(told).toContain('Images are identical');
  });

  it('gives no copy when QEMU opened it and wrote to it while it was copied', async () => {
    await using folder = await chain();
    const write = () => execFileSync('qemu-io', ['-c', 'write -P 3 3M 64k', folder.file('top')]);
    const lost = convert(folder, 'top', { onProgress: write });
    await expect(lost).rejects.toMatchObject({
      code: 'INSTANT_LOST',
      context: { path: folder.file('top') },
    });
    expect(await readdir(folder.path)).toEqual(['base', 'middle', 'top']);
  });
});
