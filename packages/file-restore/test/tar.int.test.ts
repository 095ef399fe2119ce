import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { extractToFile } from '../src/extract/extract-to-file.ts';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse } from './support/browse.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { makeSampleTree, SPARSE } from './support/sample-tree.ts';

let folder = '';
let tree = '';
let out = '';
let session: BrowseSession;

const digest = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

describeWithPeers(['ext4-tools'], 'what is taken out of a point', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-tar-'));
    [tree, out] = [join(folder, 'tree'), join(folder, 'out')];
    await makeSampleTree(tree);
    await mkdir(out);
    const image = join(folder, 'disk.raw');
    run('mke2fs', ['-q', '-F', '-t', 'ext4', '-O', 'extent,64bit', '-I', '256', '-d', tree, image, '6G']);
    session = await browse(await openRawPoint(image));
  });
  afterAll(async () => {
    await session[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it('as an archive is unpacked by GNU tar to the same files, with modes, owners, times, links and holes', async () => {
    const archive = join(folder, 'all.tar');
    const made = await extractToFile({ session, path: '/', output: archive, overwrite: false });
    expect(made).toMatchObject({ format: 'tar', findings: [] });
    expect(made.bytesWritten).toBeLessThan(8_000_000);
    run('tar', ['--extract', '--same-permissions', '--numeric-owner', '--file', archive, '--directory', out]);
    expect(listing(out)).toEqual(listing(tree));
    for (const name of ['noise', 'etc/passwd', 'ünïcödé – 文件 🗂.txt', `${'n'.repeat(251)}.txt`])
      expect(await digest(join(out, name)), name).toBe(await digest(join(tree, name)));
    for (const name of ['short-link', 'absolute-link', 'long-link', 'etc/climbing-link'])
      expect(await readlink(join(out, name))).toBe(await readlink(join(tree, name)));
    expect((await lstat(join(out, 'noise'))).ino).toBe((await lstat(join(out, 'etc/noise-again'))).ino);
    const sparse = await stat(join(out, 'sparse'));
    expect(sparse.size).toBe(SPARSE.sizeBytes);
    expect(sparse.blocks * 512).toBeLessThan(1_000_000);
    run('cmp', [join(out, 'sparse'), join(tree, 'sparse')]);
  });

  it('as one file has the same bytes and holes, and replaces nothing unless that is allowed', async () => {
    const output = join(folder, 'sparse');
    const made = await extractToFile({ session, path: '/sparse', output, overwrite: false });
    expect(made).toMatchObject({ format: 'file', sizeBytes: SPARSE.sizeBytes });
    expect(made.bytesWritten).toBeLessThan(100_000);
    expect((await stat(output)).blocks * 512).toBeLessThan(1_000_000);
    run('cmp', [output, join(tree, 'sparse')]);
    await expect(extractToFile({ session, path: '/noise', output, overwrite: false })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    await extractToFile({ session, path: '/short-link', output, overwrite: true });
    expect(await readFile(output, 'utf8')).toBe('root:x:0:0::/root:/bin/sh\n');
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const controller = new AbortController();
    controller.abort();
    const output = join(out, 'never');
    const request = { session, path: '/noise', output, overwrite: false };
    await expect(extractToFile(request, { signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(run('find', [out, '-name', 'never*'])).toBe('');
  });
});

/** Type, mode, owner, size, links and whole seconds of all files but folders' sizes, sorted; lost+found is mke2fs's own. */
function listing(root: string): string[] {
  const format = '%P %y %m %U %G %s %n %TY-%Tm-%Td %TH:%TM\\n';
  const text = run('find', [
    root,
    '-mindepth',
    '1',
    '-name',
    'lost+found',
    '-prune',
    '-o',
    '-not',
    '-type',
    'd',
    '-printf',
    format,
  ]);
  return text.split('\n').sort();
}
