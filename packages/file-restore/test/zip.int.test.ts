import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { extractToFile } from '../src/extract/extract-to-file.ts';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse } from './support/browse.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { type ReadEntry, readZip } from './support/read-zip.ts';
import { LATIN1_NAME, makeSampleTree, SPARSE } from './support/sample-tree.ts';

let folder = '';
let tree = '';
let archive = '';
let session: BrowseSession;
let format = '';
let codes: string[] = [];
let entries: Map<string, ReadEntry>;

const HOSTILE = ['..\\..\\evil', 'C:evil', 'C:\\evil', '.. ', '%5Cevil'];

const digest = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

describeWithPeers(['ext4-tools', 'zip-tools'], 'a folder that is taken out as a zip', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-zip-'));
    [tree, archive] = [join(folder, 'tree'), join(folder, 'all.zip')];
    await makeSampleTree(tree);
    await mkdir(join(tree, '... '));
    for (const name of HOSTILE) await writeFile(join(tree, '... ', name), name);
    run('mkfifo', [join(tree, 'pipe')]);
    const image = join(folder, 'disk.raw');
    run('mke2fs', ['-q', '-F', '-t', 'ext4', '-O', 'extent,64bit', '-I', '256', '-d', tree, image, '6G']);
    const owned = ['sif etc/passwd uid 70000', 'sif etc/passwd gid 80000'];
    run('debugfs', ['-w', '-f', '-', image], `${owned.join('\n')}\n`);
    session = await browse(await openRawPoint(image));
    const made = await extractToFile({ session, path: '/', output: archive, overwrite: false });
    format = made.format;
    codes = made.findings.map(({ severity, code }) => `${severity} ${code}`).sort();
    entries = new Map(readZip(archive).map((entry) => [entry.name, entry]));
  });
  afterAll(async () => {
    await session[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it('is read by Python with names, types, modes, owners and times', async () => {
    expect(format).toBe('zip');
    expect(entries.get('etc/passwd')).toMatchObject({ unixMode: 0o100_640, sizeBytes: 26 });
    expect(entries.get('etc/')).toMatchObject({ unixMode: 0o040_755, sizeBytes: 0 });
    expect(entries.get('set-user-id')).toMatchObject({ unixMode: 0o104_755 });
    expect(entries.get('short-link')).toMatchObject({ unixMode: 0o120_777 });
    expect(entries.get('etc/passwd')?.extra['7875']).toBe(
      `0104${littleEndian(70_000)}04${littleEndian(80_000)}`,
    );
    expect(entries.get('noise')?.extra['5455']).toBe(`01${littleEndian(1_234_567_890)}`);
    expect(entries.get('noise')?.dosTime).toEqual([2009, 2, 13, 23, 31, 30]);
    for (const name of ['noise', 'etc/passwd', 'ünïcödé – 文件 🗂.txt', `${'n'.repeat(251)}.txt`, 'empty'])
      expect(entries.get(name)?.sha256, name).toBe(await digest(join(tree, name)));
    expect(entries.get('sparse')?.sizeBytes).toBe(SPARSE.sizeBytes);
    const deepest = [...entries.keys()].filter((name) => name.endsWith('/deepest'));
    expect(deepest).toEqual([
      `${Array.from({ length: 30 }, (_, level) => `level-${level}/`).join('')}deepest`,
    ]);
    const bytes = [...entries.values()].map(({ nameBytes }) => nameBytes);
    expect(bytes).toContain(LATIN1_NAME.toString('hex'));
  });

  it('is unpacked by Info-ZIP to the same files, with modes, times and links that lead where they led', async () => {
    const out = join(folder, 'out');
    run('unzip', ['-q', '-K', archive, '-x', 'sparse', '-d', out]);
    for (const name of ['noise', 'etc/noise-again', 'etc/passwd', 'ünïcödé – 文件 🗂.txt'])
      expect(await digest(join(out, name)), name).toBe(await digest(join(tree, name)));
    for (const name of ['short-link', 'absolute-link', 'long-link', 'etc/climbing-link', 'round-a'])
      expect(await readlink(join(out, name)), name).toBe(await readlink(join(tree, name)));
    for (const name of ['etc/passwd', 'set-user-id', 'etc', 'level-0/level-1'])
      expect((await lstat(join(out, name))).mode, name).toBe((await lstat(join(tree, name))).mode);
    expect((await lstat(join(out, 'noise'))).mtimeMs).toBe(1_234_567_890_000);
    expect((await lstat(join(out, 'etc/passwd'))).uid).not.toBe(70_000);
    const names = await readdir(Buffer.from(out), { encoding: 'buffer' });
    expect(names.some((name) => name.equals(LATIN1_NAME))).toBe(true);
  });

  it('gives owners back to whoever may set them and asks for it', async () => {
    if (process.getuid?.() !== 0) return;
    const out = join(folder, 'owned');
    run('unzip', ['-q', '-X', archive, 'etc/passwd', '-d', out]);
    expect(await lstat(join(out, 'etc/passwd'))).toMatchObject({ uid: 70_000, gid: 80_000 });
  });

  it('holds a file of more than 4 GiB with holes, read by its directory and from a pipe', () => {
    const unzipped = 'unzip -tq "$1" sparse';
    const streamed = 'bsdtar -xOf - sparse < "$1" | cmp - "$2/sparse"';
    for (const script of [unzipped, streamed])
      execFileSync('bash', ['-o', 'pipefail', '-c', script, 'bash', archive, tree], { stdio: 'pipe' });
    expect(run('zipinfo', ['-h', archive])).toMatch(new RegExp(`number of entries: ${entries.size}`, 'u'));
  }, 120_000);

  it('has no name that leads elsewhere on any system, and tells each that was changed', () => {
    const changed = [...entries.keys()].filter((name) => name.startsWith('...%20/') && name !== '...%20/');
    expect(changed.sort()).toEqual(
      ['..%20', '..%5C..%5Cevil', '%255Cevil', 'C:%5Cevil', 'C:evil'].map((name) => `...%20/${name}`).sort(),
    );
    for (const name of entries.keys()) {
      expect(name).not.toMatch(/\\|^\/|^[A-Za-z]:/u);
      expect(
        name
          .replace(/\/$/u, '')
          .split('/')
          .filter((part) => /^[. ]*$/u.test(part)),
      ).toEqual([]);
    }
    expect(entries.get('...%20/..%5C..%5Cevil')?.sha256).toBe(
      createHash('sha256').update('..\\..\\evil').digest('hex'),
    );
  });

  it('tells what a zip cannot keep: pipes, and that names of one file hold it again', () => {
    expect(codes.filter((code) => !code.endsWith('name-changed'))).toEqual([
      'info file-left-out',
      'info hard-links-copied',
    ]);
    // the folder, and all in it but the one whose colon is not in front
    expect(codes.filter((code) => code === 'warning name-changed')).toHaveLength(HOSTILE.length);
  });
});

function littleEndian(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('hex');
}
