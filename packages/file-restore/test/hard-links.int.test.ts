import { link, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { extractToFile } from '../src/extract/extract-to-file.ts';
import { browse } from './support/browse.ts';
import { inodeAt } from './support/ext-image.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';

const NAMES = 20;
const CONTENT = noise(100_000, 'content');

let folder = '';

describeWithPeers(['ext4-tools'], 'an archive of files whose count of links is wrong', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-links-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('holds each of them once, with hard links for their other names', async () => {
    const [tree, image, output, out] = ['tree', 'disk.raw', 'all.tar', 'out'].map((name) =>
      join(folder, name),
    ) as [string, string, string, string];
    await mkdir(tree);
    await mkdir(out);
    await writeFile(join(tree, 'name 0'), CONTENT);
    await symlink('name 0', join(tree, 'link 0'));
    const others = Array.from({ length: NAMES - 1 }, (_, index) => index + 1);
    for (const index of others) await link(join(tree, 'name 0'), join(tree, `name ${index}`));
    run('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', tree, image, '16M']);
    const script = [
      ...others.map((index) => `link "link 0" "link ${index}"`),
      'sif "name 0" links_count 1',
      'sif "link 0" links_count 1',
    ];
    run('debugfs', ['-w', '-f', '-', image], `${script.join('\n')}\n`);
    await using session = await browse(await openRawPoint(image));
    expect((await session.stat('/name 0')).links).toBe(1);
    const { findings } = await extractToFile({ session, path: '/', output, overwrite: false });
    expect(findings).toHaveLength(2 * (NAMES - 1));
    for (const { severity, code, message } of findings) {
      expect([severity, code]).toEqual(['warning', 'link-count-wrong']);
      expect(message).toMatch(/"[^"]*\/(name|link) \d+" and "[^"]*\/\1 \d+"/u);
    }
    expect((await stat(output)).size).toBeLessThan(2 * CONTENT.byteLength);
    run('tar', ['--extract', '--file', output, '--directory', out]);
    for (const kind of ['name', 'link'])
      for (let index = 0; index < NAMES; index += 1)
        expect((await lstat(join(out, `${kind} ${index}`))).ino, `${kind} ${index}`).toBe(
          (await lstat(join(out, `${kind} 0`))).ino,
        );

    const zip = join(folder, 'all.zip');
    const zipped = await extractToFile({ session, path: '/', output: zip, overwrite: false });
    expect(zipped.findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(
      Array(2 * (NAMES - 1)).fill('error file-left-out'),
    );
    expect((await stat(zip)).size).toBeLessThan(2 * CONTENT.byteLength);
  });

  it('tells of the second name of a file that is left out just that', async () => {
    const [tree, image] = ['tree-4', 'disk-4.raw'].map((name) => join(folder, name)) as [string, string];
    await mkdir(tree);
    await writeFile(join(tree, 'one'), noise(100_000, 'one'));
    await link(join(tree, 'one'), join(tree, 'two'));
    run('mke2fs', ['-q', '-F', '-t', 'ext2', '-b', '1024', '-d', tree, image, '16M']);
    const bytes = await readFile(image);
    const pointers = inodeAt(image, 'one') + 40;
    bytes.fill(
      0xff,
      bytes.readUInt32LE(pointers + 12 * 4) * 1024 + 40,
      bytes.readUInt32LE(pointers + 12 * 4) * 1024 + 44,
    );
    await writeFile(image, bytes);
    await using session = await browse(await openRawPoint(image));
    const output = join(folder, 'all-4.tar');
    const { findings } = await extractToFile({ session, path: '/', output, overwrite: false });
    expect(findings.map(({ code }) => code)).toEqual(['file-left-out', 'file-left-out']);
    expect(findings[0]?.message).toContain('outside of its file system');
    expect(findings[1]?.message).toContain('another name of a file that could not be archived');
  });

  it('holds what two inodes have in common once, and tells the second', async () => {
    const [tree, image] = ['tree-3', 'disk-3.raw'].map((name) => join(folder, name)) as [string, string];
    await mkdir(tree);
    for (const name of ['one', 'two']) await writeFile(join(tree, name), noise(100_000, name));
    run('mke2fs', ['-q', '-F', '-t', 'ext4', '-O', 'extent', '-b', '1024', '-d', tree, image, '16M']);
    const bytes = await readFile(image);
    const [one, two] = [inodeAt(image, 'one'), inodeAt(image, 'two')];
    bytes.copy(bytes, two + 40, one + 40, one + 100);
    await writeFile(image, bytes);
    await using session = await browse(await openRawPoint(image));
    const output = join(folder, 'all-3.tar');
    const { findings } = await extractToFile({ session, path: '/', output, overwrite: false });
    expect(findings).toHaveLength(1);
    expect(findings).toMatchObject([{ severity: 'error', code: 'file-left-out' }]);
    expect((await stat(output)).size).toBeLessThan(130_000);
  });

  it('enters a folder with two names once, and tells the second', async () => {
    const [tree, image, output] = ['tree-2', 'disk-2.raw', 'all-2.tar'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await mkdir(join(tree, 'a', 'deep'), { recursive: true });
    await writeFile(join(tree, 'a', 'deep', 'file'), 'once');
    run('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', tree, image, '16M']);
    run('debugfs', ['-w', '-R', 'link /a /b', image]);
    await using session = await browse(await openRawPoint(image));
    expect((await session.stat('/b')).node).toBe((await session.stat('/a')).node);
    const { findings } = await extractToFile({ session, path: '/', output, overwrite: false });
    expect(findings).toMatchObject([{ severity: 'error', code: 'file-left-out', object: 'b' }]);
    const names = run('tar', ['--list', '--file', output]).trim().split('\n');
    expect(names.filter((name) => name.endsWith('deep/file'))).toHaveLength(1);
    expect(names.some((name) => name.includes('/b'))).toBe(false);
  });
});
