import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConvertRequest, Progress } from '@sendense/core';
import { createVhdx } from '@sendense/formats/vhdx';
import { diskFixtures } from '@sendense/tests/disk-fixtures';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createQemuImgConverter } from '../src/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'sendense-qemu-img-')));
});
afterEach(() => rm(folder, { recursive: true }));

function request(name: string, format: 'raw' | 'qcow2', to: 'raw' | 'qcow2' = 'qcow2'): ConvertRequest {
  const source = { path: join(folder, name), format };
  return { source, target: { path: join(folder, 'target'), format: to }, overwrite: false };
}

it('reports bytes that only grow, up to the whole disk', async () => {
  await writeFile(join(folder, 'disk'), Buffer.alloc(8 * 1024 * 1024, 7));
  const seen: Progress[] = [];
  await createQemuImgConverter().convert(request('disk', 'raw'), {
    onProgress: (one) => void seen.push(one),
  });
  expect(seen.at(-1)).toEqual({ done: 8 * 1024 * 1024, total: 8 * 1024 * 1024, unit: 'bytes' });
  expect(seen.map(({ done }) => done)).toEqual(seen.map(({ done }) => done).toSorted((a, b) => a - b));
});

it('does not let an image open another file unless that is allowed', async () => {
  await writeFile(join(folder, 'base'), Buffer.alloc(1024 * 1024, 9));
  await execa('qemu-img', ['create', '-f', 'qcow2', '-b', 'base', '-F', 'raw', join(folder, 'top')]);
  const refused = createQemuImgConverter().convert(request('top', 'qcow2', 'raw'));
  await expect(refused).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  await createQemuImgConverter({ allowOtherFiles: true }).convert(request('top', 'qcow2', 'raw'));
  await execa('cmp', [join(folder, 'base'), join(folder, 'target')]);
});

describe('a target that may be overwritten', () => {
  const converter = createQemuImgConverter({ allowOtherFiles: true });
  const target = (name: string, format: 'raw' | 'vmdk') => ({
    path: join(folder, name),
    format,
    ...(format === 'vmdk' && { subformat: 'monolithicFlat' }),
  });

  async function expectRefused(wanted: ConvertRequest): Promise<void> {
    const contents = () => Promise.all(names.map((name) => readFile(join(folder, name))));
    const names = await readdir(folder);
    const before = await contents();
    await expect(converter.convert(wanted)).rejects.toMatchObject({ remedy: 'convert to another name' });
    expect(await readdir(folder)).toEqual(names);
    expect(await contents()).toEqual(before);
  }

  it('is no backing file of what is converted, however far below', async () => {
    await writeFile(join(folder, 'base'), Buffer.alloc(64 * 1024, 9));
    await execa('qemu-img', ['create', '-f', 'qcow2', '-b', 'base', '-F', 'raw', join(folder, 'middle')]);
    await execa('qemu-img', ['create', '-f', 'qcow2', '-b', 'middle', '-F', 'qcow2', join(folder, 'top')]);
    for (const name of ['top', 'middle', 'base'])
      await expectRefused({ ...request('top', 'qcow2'), target: target(name, 'raw'), overwrite: true });
  });

  it('is no extent of what is converted, and brings none that is', async () => {
    const made = ['-f', 'vmdk', '-o', 'subformat=monolithicFlat', join(folder, 'disk.vmdk'), '64k'];
    await execa('qemu-img', ['create', ...made]);
    const source = { path: join(folder, 'disk.vmdk'), format: 'vmdk' } as const;
    await expectRefused({ source, target: target('disk-flat.vmdk', 'raw'), overwrite: true });
    const extent = { path: join(folder, 'disk-flat.vmdk'), format: 'raw' } as const;
    await expectRefused({ source: extent, target: target('disk.vmdk', 'vmdk'), overwrite: true });
  });

  it('is no file that a source names by a description: such a source is not opened', async () => {
    await writeFile(join(folder, 'base'), Buffer.alloc(64 * 1024, 9));
    const description = JSON.stringify({
      driver: 'raw',
      file: { driver: 'file', filename: join(folder, 'base') },
    });
    const backing = ['-b', `json:${description}`, '-F', 'raw'];
    await execa('qemu-img', ['create', '-f', 'qcow2', ...backing, join(folder, 'top')]);
    const wanted = { ...request('top', 'qcow2'), target: target('base', 'raw'), overwrite: true };
    await expect(converter.convert(wanted)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
    expect(await readFile(join(folder, 'base'))).toEqual(Buffer.alloc(64 * 1024, 9));
  });

  it('is not replaced while QEMU has it open', async () => {
    await writeFile(join(folder, 'disk'), Buffer.alloc(64 * 1024, 9));
    await writeFile(join(folder, 'target'), 'guest');
    for (const before of [0, 1]) {
      let looks = 0;
      const imageLocks = async () => ({ written: ++looks > before, writesForbidden: false });
      const held = createQemuImgConverter({}, { imageLocks }).convert({
        ...request('disk', 'raw'),
        overwrite: true,
      });
      await expect(held, `${before} looks before`).rejects.toMatchObject({ code: 'LOCKED' });
    }
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('guest');
    expect(await readdir(folder)).toEqual(['disk', 'target']);
  });

  it('is no data file of what is converted', async () => {
    const options = `data_file=${join(folder, 'data')},data_file_raw=on`;
    await execa('qemu-img', ['create', '-f', 'qcow2', '-o', options, join(folder, 'disk'), '64k']);
    await expectRefused({ ...request('disk', 'qcow2'), target: target('data', 'raw'), overwrite: true });
  });
});

it('lets qemu-img open nothing that our own reader did not look at first', async () => {
  await execa('mkfifo', [join(folder, 'pipe')]);
  const extent = 'createType="monolithicFlat"\nRW 128 FLAT "pipe" 0\n';
  await writeFile(
    join(folder, 'disk.vmdk'),
    `# Disk DescriptorFile\nversion=1\nCID=00000001\nparentCID=ffffffff\n${extent}`,
  );
  const calls = join(folder, 'calls');
  const program = join(folder, 'program');
  await writeFile(program, `#!/bin/sh\necho "$@" >> ${calls}\nexec qemu-img "$@"\n`, { mode: 0o755 });
  const converter = createQemuImgConverter({ program, allowOtherFiles: true });
  const source = { path: join(folder, 'disk.vmdk'), format: 'vmdk' } as const;
  const wanted = { ...request('disk.vmdk', 'raw'), source };
  await expect(converter.convert(wanted)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  await expect(converter.requiredSpace(wanted)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  const pipe = { ...request('pipe', 'raw'), source: { path: join(folder, 'pipe') } };
  await expect(converter.convert(pipe)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(await readdir(folder)).toEqual(['disk.vmdk', 'pipe', 'program']);
});

it('refuses disks that qemu-img would read wrongly or not at all', async () => {
  const path = join(folder, 'large.vhdx');
  {
    await using writer = await createVhdx(path, { sizeBytes: 1024 * 1024, logicalSectorBytes: 4096 });
    await writer.flush();
  }
  await expect(execa('qemu-img', ['info', path])).rejects.toThrow();
  const large = { ...request('large.vhdx', 'raw'), source: { path } };
  await expect(createQemuImgConverter().convert(large)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  const child = diskFixtures['VHD differencing']?.(1);
  if (child === undefined) throw new Error('no fixture');
  for (const [name, bytes] of child.files) await writeFile(join(folder, name), bytes);
  const source = { path: join(folder, child.image), format: 'vhd' } as const;
  const refused = createQemuImgConverter({ allowOtherFiles: true }).convert({
    ...request('', 'raw'),
    source,
  });
  await expect(refused).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
});

it('says of a source that is no image what is wrong, and leaves nothing', async () => {
  await writeFile(join(folder, 'text'), 'no image');
  const refused = createQemuImgConverter().convert(request('text', 'qcow2'));
  await expect(refused).rejects.toMatchObject({ code: 'FORMAT_INVALID' });
  expect(await readdir(folder)).toEqual(['text']);
});

it('says that the program is missing, and how to get it', async () => {
  await writeFile(join(folder, 'disk'), Buffer.alloc(512));
  const converter = createQemuImgConverter({ program: join(folder, 'no-such-program') });
  await expect(converter.convert(request('disk', 'raw'))).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    remedy: 'install qemu-img (Debian: qemu-utils)',
  });
});
