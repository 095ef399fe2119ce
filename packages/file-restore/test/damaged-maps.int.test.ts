import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { extractToFile } from '../src/extract/extract-to-file.ts';
import { browse, namesOf } from './support/browse.ts';
import { inodeAt } from './support/ext-image.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { makeXfs, prototypeOf } from './support/xfs-image.ts';

const FILES = 1200;
/** Four of them in a block of 1 KiB. */
const nameOf = (index: number): string => `${index}`.padStart(240, 'n');

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-maps-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeWithPeers(['ext4-tools'], 'a folder of ext of whose map one block is damaged', () => {
  it('is archived as far as it can be listed, below others and as the begin', async () => {
    const [tree, image] = ['tree', 'ext.raw'].map((name) => join(folder, name)) as [string, string];
    await mkdir(join(tree, 'many'), { recursive: true });
    for (let index = 0; index < FILES; index += 1) await writeFile(join(tree, 'many', nameOf(index)), '');
    run('mke2fs', ['-q', '-F', '-t', 'ext2', '-b', '1024', '-N', '2000', '-d', tree, image, '16M']);
    const bytes = await readFile(image);
    const level = bytes.readUInt32LE(inodeAt(image, '/many') + 40 + 13 * 4) * 1024;
    expect(level).toBeGreaterThan(0);
    bytes.fill(0xff, level, level + 4);
    await writeFile(image, bytes);
    await using session = await browse(await openRawPoint(image));
    for (const path of ['/', '/many']) {
      const output = join(folder, 'ext.tar');
      const { findings } = await extractToFile({ session, path, output, overwrite: true });
      expect(findings).toMatchObject([{ severity: 'error', code: 'file-left-out' }]);
      const names = run('tar', ['--list', '--file', output]).trim().split('\n');
      expect(names.filter((name) => name.includes('/nnn')).length).toBeGreaterThan(1000);
    }
  });
});

describeWithPeers(['xfs-tools'], 'on XFS of version 5', () => {
  it('a block that belongs to another folder is damage, and none of its names is listed', async () => {
    const [image, list] = ['swapped.raw', 'swapped.list'].map((name) => join(folder, name)) as [
      string,
      string,
    ];
    const files = (prefix: string) =>
      Array.from({ length: 40 }, (_, index) => [`${prefix}-${index}`, '/dev/null'] as const);
    await writeFile(list, prototypeOf({ aa: files('aa'), bb: files('bb') }));
    makeXfs(image, '64M', ['-p', list]);
    {
      await using session = await browse(await openRawPoint(image));
      expect(await namesOf(session, '/aa')).toHaveLength(40);
    }
    const bytes = await readFile(image);
    const blocks: number[] = [];
    for (let at = 0; at < bytes.byteLength; at += 4096)
      if (bytes.toString('latin1', at, at + 4) === 'XDB3') blocks.push(at);
    const [one = 0, two = 0] = blocks;
    expect(blocks).toHaveLength(2);
    const kept = Buffer.from(bytes.subarray(one, one + 4096));
    bytes.copy(bytes, one, two, two + 4096);
    kept.copy(bytes, two);
    await writeFile(image, bytes);
    await using session = await browse(await openRawPoint(image));
    for (const path of ['/aa', '/bb']) {
      const { entries, findings } = await session.list(path);
      expect(entries).toEqual([]);
      expect(findings).toMatchObject([{ severity: 'error', code: 'directory-damaged' }]);
    }
    await expect(session.find('/aa/bb-1')).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});
