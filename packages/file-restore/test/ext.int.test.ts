import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readFile, readlink, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeName, encodeName } from '../src/paths/entry-name.ts';
import { walkTree } from '../src/paths/walk-tree.ts';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { LATIN1_NAME, makeSampleTree, namesIn, noise, SPARSE } from './support/sample-tree.ts';

/** One of each way in which files are found: pointers, extents, small and large blocks and inodes, group layouts. */
const KINDS: readonly (readonly [string, string, readonly string[]])[] = [
  ['ext2 with blocks of 1 KiB', 'ext2', ['-t', 'ext2', '-b', '1024', '-I', '128']],
  ['ext3', 'ext3', ['-t', 'ext3', '-j', '-b', '4096']],
  [
    'ext4',
    'ext4',
    ['-t', 'ext4', '-O', 'extent,64bit,metadata_csum,flex_bg,dir_index,huge_file,extra_isize', '-I', '256'],
  ],
  [
    'ext4 with blocks of 1 KiB and meta groups',
    'ext4',
    ['-t', 'ext4', '-b', '1024', '-O', 'extent,meta_bg,metadata_csum,^resize_inode'],
  ],
  ['ext4 with blocks of 64 KiB', 'ext4', ['-t', 'ext4', '-b', '65536', '-O', 'extent,64bit,metadata_csum']],
];

let folder = '';
let tree = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-ext-'));
  tree = join(folder, 'tree');
  await makeSampleTree(tree);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeWithPeers(['ext4-tools'], 'a disk that mke2fs made', () => {
  describe.each(KINDS)('of %s', (title, kind, options) => {
    let session: BrowseSession;

    beforeAll(async () => {
      const image = join(folder, `${title.replaceAll(' ', '-')}.raw`);
      await truncate(image, 6 * 2 ** 30).catch(() => run('truncate', ['-s', '6G', image]));
      run('mke2fs', ['-q', '-F', '-L', 'sample', ...options, '-d', tree, image]);
      session = await browse(await openRawPoint(image));
    });
    afterAll(() => session[Symbol.asyncDispose]());

    it('is told by its kind and name, and is read in process', () => {
      expect(session.volumes).toMatchObject([
        { id: 'disk-0', kind: 'disk', fileSystem: kind, fileSystemLabel: 'sample', access: 'in-process' },
      ]);
      expect(session.findings).toEqual([]);
    });

    it('holds every file with the type, mode, owner, size, time and links that were put in', async () => {
      const { reader, stat } = await session.find('/');
      const seen = new Map<string, unknown>();
      for await (const entry of walkTree(reader, stat, (finding) => expect.fail(finding.message))) {
        const { mode, uid, gid, sizeBytes, links, mtimeNs, type } = entry.stat;
        if (type !== 'directory' && entry.path !== '')
          seen.set(entry.path, { mode, uid, gid, sizeBytes, links, mtimeNs: seconds(mtimeNs), type });
      }
      const wanted = await statTree(tree);
      for (const [path, file] of wanted) expect(seen.get(path), path).toEqual(file);
      expect([...seen.keys()].sort()).toEqual([...wanted.keys()].sort());
    });

    it('gives the bytes of files, short and long links, deep folders and names of any bytes', async () => {
      expect(digest(await contentOf(session, '/noise'))).toBe(digest(await readFile(join(tree, 'noise'))));
      expect(String(await contentOf(session, '/ünïcödé – 文件 🗂.txt'))).toBe('unicode');
      expect(String(await contentOf(session, `/${decodeName(LATIN1_NAME)}`))).toBe('latin');
      expect(Buffer.from(encodeName(decodeName(LATIN1_NAME)))).toEqual(LATIN1_NAME);
      for (const name of ['short-link', 'absolute-link', 'long-link', 'etc/climbing-link'])
        expect(await session.readLink(`/${name}`)).toBe(await readlink(join(tree, name)));
    });

    it('keeps the holes of a sparse file of 5 GiB', async () => {
      const found = await session.find('/sparse');
      const extents = await collect(session.extents(found, { offset: 0, length: SPARSE.sizeBytes }));
      const dataBytes = extents
        .filter((extent) => extent.kind === 'data')
        .reduce((sum, { length }) => sum + length, 0);
      expect(dataBytes).toBeLessThan(1_000_000);
      expect(extents.reduce((sum, { length }) => sum + length, 0)).toBe(SPARSE.sizeBytes);
      for (const at of SPARSE.at) {
        const [piece] = await collect(session.read(found, { offset: at, length: 4000 }));
        expect(piece?.offset).toBe(at);
        expect(Buffer.from(piece?.bytes ?? [])).toEqual(noise(4000, `sparse ${at}`));
      }
    });

    it('follows links inside of the disk, and none that goes round', async () => {
      const text = 'root:x:0:0::/root:/bin/sh\n';
      for (const path of [
        '/short-link',
        '/absolute-link',
        '/long-link',
        '/etc/climbing-link',
        '/../../etc/passwd',
      ])
        expect(String(await contentOf(session, path)), path).toBe(text);
      await expect(session.find('/round-a')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      await expect(session.find('/etc/passwd/x')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('lists the same names in pages of any size', async () => {
      const whole = await namesOf(session, '/');
      for (const limit of [1, 2, 7]) expect(await namesOf(session, '/', limit)).toEqual(whole);
      expect(new Set(whole).size).toBe(whole.length);
    });
  });
});

/** What the source folder says of every entry but folders, whose sizes differ. */
async function statTree(root: string, below = ''): Promise<Map<string, unknown>> {
  const files = new Map<string, unknown>();
  const place = Buffer.concat([Buffer.from(`${root}/`), encodeName(below)]);
  for (const raw of await namesIn(place)) {
    const path = below === '' ? decodeName(raw) : `${below}/${decodeName(raw)}`;
    const status = await lstat(Buffer.concat([place, Buffer.from('/'), raw]), { bigint: true });
    if (status.isDirectory()) for (const [name, file] of await statTree(root, path)) files.set(name, file);
    else
      files.set(path, {
        mode: Number(status.mode) & 0o7777,
        uid: Number(status.uid),
        gid: Number(status.gid),
        sizeBytes: Number(status.size),
        links: Number(status.nlink),
        mtimeNs: seconds(status.mtimeNs),
        type: status.isSymbolicLink() ? 'symlink' : 'file',
      });
  }
  return files;
}

/** mke2fs keeps whole seconds of what it copies. */
function seconds(timeNs: bigint): bigint {
  return timeNs / 1_000_000_000n;
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
