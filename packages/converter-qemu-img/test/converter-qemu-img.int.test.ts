import { mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConvertRequest, Progress } from '@sendense/core';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
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
