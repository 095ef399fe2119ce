import { copyFile, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';

const BLOCK = 1024;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-ext-state-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A file system with blocks of 1 KiB that holds a folder of 200 names. */
async function makeDisk(name: string, type: string, ...options: string[]): Promise<string> {
  const [tree, image] = [join(folder, `${name}.tree`), join(folder, `${name}.raw`)];
  await mkdir(join(tree, 'many'), { recursive: true });
  for (let index = 0; index < 200; index += 1)
    await writeFile(join(tree, 'many', `file number ${index}`), '');
  run('mke2fs', ['-q', '-F', '-t', type, '-b', String(BLOCK), ...options, '-d', tree, image, '16M']);
  return image;
}

const blocksOf = (image: string, path: string): number[] =>
  run('debugfs', ['-R', `blocks ${path}`, image])
    .trim()
    .split(/\s+/)
    .map(Number);

describeWithPeers(['ext4-tools'], 'a file system of ext', () => {
  it('with a damaged block of a folder cannot say that a name is not in it, and lists the others', async () => {
    const image = await makeDisk('damaged', 'ext2', '-O', '^dir_index');
    const [, second = 0] = blocksOf(image, '/many');
    await using file = await open(image, 'r+');
    await file.write(Buffer.alloc(BLOCK, 0xee), 0, BLOCK, second * BLOCK);
    await using session = await browse(await openRawPoint(image));
    const names = await namesOf(session, '/many');
    const gone = Array.from({ length: 200 }, (_, index) => `file number ${index}`).filter(
      (name) => !names.includes(name),
    );
    expect(gone.length).toBeGreaterThan(0);
    expect(names.length).toBeGreaterThan(100);
    await expect(session.find(`/many/${gone[0] ?? ''}`)).rejects.toMatchObject({ code: 'CORRUPT' });
    expect((await session.find(`/many/${names[0] ?? ''}`)).stat.type).toBe('file');
    await expect(session.find('/none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('gives what was allocated and never written as zeros, whatever lies there', async () => {
    const image = await makeDisk('unwritten', 'ext4', '-O', 'extent');
    const data = join(folder, 'data');
    await writeFile(data, Buffer.alloc(4 * BLOCK, 0x11));
    const script = [`write ${data} file`, 'fallocate file 8 23', `sif file size ${24 * BLOCK}`];
    run('debugfs', ['-w', '-f', '-', image], `${script.join('\n')}\n`);
    const blocks = blocksOf(image, 'file');
    expect(blocks.length).toBeGreaterThanOrEqual(20);
    await using file = await open(image, 'r+');
    for (const block of blocks.slice(4)) await file.write(Buffer.alloc(BLOCK, 0xaa), 0, BLOCK, block * BLOCK);
    await using session = await browse(await openRawPoint(image));
    const content = await contentOf(session, '/file');
    expect(content.subarray(0, 4 * BLOCK)).toEqual(Buffer.alloc(4 * BLOCK, 0x11));
    expect(content.subarray(4 * BLOCK)).toEqual(Buffer.alloc(20 * BLOCK));
    const extents = await collect(
      session.extents(await session.find('/file'), { offset: 0, length: 24 * BLOCK }),
    );
    expect(extents.map(({ length, kind }) => [length, kind])).toEqual([
      [4 * BLOCK, 'data'],
      [20 * BLOCK, 'zero'],
    ]);
  });

  it('in which the machine met errors tells so', async () => {
    const image = await makeDisk('errors', 'ext4', '-O', 'extent');
    run('debugfs', ['-w', '-R', 'ssv state 3', image]);
    await using session = await browse(await openRawPoint(image));
    expect(session.findings).toMatchObject([{ severity: 'warning', code: 'file-system-errors' }]);
  });
});

describeWithPeers(['ext4-tools', 'loop-mounts'], 'a file system without a journal', () => {
  it('that was backed up while it was mounted tells so, and no longer after it was unmounted', async () => {
    const [image, mount] = [await makeDisk('mounted', 'ext2'), join(folder, 'mount')];
    await mkdir(mount);
    run('mount', ['-t', 'ext2', '-o', 'loop', image, mount]);
    try {
      await writeFile(join(mount, 'new'), 'new');
      run('sync', ['--file-system', mount]);
      await copyFile(image, `${image}.taken`);
    } finally {
      run('umount', [mount]);
    }
    await using taken = await browse(await openRawPoint(`${image}.taken`));
    expect(taken.findings).toMatchObject([{ severity: 'warning', code: 'file-system-in-use' }]);
    await using unmounted = await browse(await openRawPoint(image));
    expect(unmounted.findings).toEqual([]);
  });
});
