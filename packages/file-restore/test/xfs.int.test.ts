import { copyFile, mkdir, mkdtemp, open, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractToFile } from '../src/extract/extract-to-file.ts';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { makeSampleTree, noise, SPARSE } from './support/sample-tree.ts';
import { digest, type Facts, factsInside, factsOnDisk } from './support/tree-facts.ts';
import { fillXfs, longTarget, makeXfs, prototypeOf } from './support/xfs-image.ts';

const KIB = 1024;
/** Each form that folders and maps take, in large and small blocks. */
const KINDS: readonly (readonly [string, readonly string[]])[] = [
  ['as mkfs.xfs makes it', []],
  ['with blocks of 1 KiB and folders of 8 KiB', ['-b', 'size=1024', '-n', 'size=8192']],
  ['with large counts and no reflinks', ['-m', 'reflink=0,bigtime=0', '-i', 'size=1024,nrext64=1']],
];
const LATE = Date.UTC(2150, 1, 2) / 1000;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-xfs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What machines have, and what XFS stores in its own ways. */
async function fill(root: string): Promise<void> {
  await makeSampleTree(join(root, 'tree'));
  for (const count of [3, 60, 500, 6000]) {
    await mkdir(join(root, `names-${count}`));
    for (let index = 0; index < count; index += 1)
      await writeFile(join(root, `names-${count}`, `file number ${index}`), '');
  }
  for (let index = 100; index < 5900; index += 1) await rm(join(root, 'names-6000', `file number ${index}`));
  await symlink(longTarget(), join(root, 'remote-link'));
  await writeScattered(join(root, 'scattered'));
  run('fallocate', ['--length', '1M', join(root, 'unwritten')]);
  await using unwritten = await open(join(root, 'unwritten'), 'r+');
  await unwritten.write(noise(8 * KIB, 'written'), 0, 8 * KIB, 512 * KIB);
  run('mknod', [join(root, 'device'), 'c', '10', '200']);
  run('cp', ['--reflink=auto', join(root, 'tree', 'noise'), join(root, 'same-blocks')]);
  run('mkfifo', [join(root, 'pipe')]);
  await writeFile(join(root, 'late'), 'late');
  await utimes(join(root, 'late'), LATE, LATE);
}

/** Every other block of a file: thousands of extents, in a tree. */
async function writeScattered(path: string): Promise<void> {
  await using file = await open(path, 'w');
  for (let index = 0; index < 1500; index += 1)
    await file.write(noise(4 * KIB, `scattered ${index}`), 0, 4 * KIB, index * 8 * KIB);
}

describeWithPeers(['xfs-tools', 'loop-mounts'], 'a disk of XFS', () => {
  describe.each(KINDS)('%s', (title, options) => {
    let session: BrowseSession;
    let wanted = new Map<string, Facts>();

    beforeAll(async () => {
      const image = join(folder, `${title.replaceAll(' ', '-')}.raw`);
      makeXfs(image, '1G', ['-L', 'sample', ...options]);
      await fillXfs(image, async (mount) => {
        await fill(mount);
        run('sync', ['--file-system', mount]);
        wanted = await factsOnDisk(mount);
      });
      session = await browse(await openRawPoint(image));
    }, 240_000);
    afterAll(() => session[Symbol.asyncDispose]());

    it('is told by its kind and name, and its log is empty after it was unmounted', () => {
      expect(session.volumes).toMatchObject([
        { id: 'disk-0', kind: 'disk', fileSystem: 'xfs', fileSystemLabel: 'sample', access: 'in-process' },
      ]);
      expect(session.findings).toEqual([]);
    });

    it('holds every file with the bytes, mode, owner, size, times and links that the kernel shows', async () => {
      const { reader, stat } = await session.find('/');
      const seen = await factsInside(reader, stat, (why) => expect.fail(why));
      for (const [path, file] of wanted) expect(seen.get(path), path).toEqual(file);
      expect([...seen.keys()].sort()).toEqual([...wanted.keys()].sort());
    });

    it('keeps holes, and gives what was allocated and never written as zeros', async () => {
      const sparse = await session.find('/tree/sparse');
      const extents = await collect(session.extents(sparse, { offset: 0, length: SPARSE.sizeBytes }));
      const dataBytes = extents
        .filter(({ kind }) => kind === 'data')
        .reduce((sum, { length }) => sum + length, 0);
      expect(dataBytes).toBeLessThan(2_000_000);
      for (const at of SPARSE.at) {
        const [piece] = await collect(session.read(sparse, { offset: at, length: 4000 }));
        expect(Buffer.from(piece?.bytes ?? [])).toEqual(noise(4000, `sparse ${at}`));
      }
      const unwritten = await session.find('/unwritten');
      const kinds = await collect(session.extents(unwritten, { offset: 0, length: 1024 * KIB }));
      expect(kinds.map(({ kind, length }) => [kind, length])).toEqual([
        ['zero', 512 * KIB],
        ['data', 8 * KIB],
        ['zero', 504 * KIB],
      ]);
    });

    it('is taken out whole, also files that share blocks', async () => {
      const output = join(folder, 'all.tar');
      const { findings } = await extractToFile({ session, path: '/', output, overwrite: true });
      expect(findings).toEqual([]);
      const names = run('tar', ['--list', '--file', output, '--quoting-style=escape']).trim().split('\n');
      expect(names).toHaveLength(wanted.size + 1);
    });

    it('tells devices, and lists the same names in pages of any size', async () => {
      expect(await session.stat('/device')).toMatchObject({
        type: 'char-device',
        device: { major: 10, minor: 200 },
      });
      expect(await session.stat('/pipe')).toMatchObject({ type: 'fifo' });
      for (const path of ['/names-3', '/names-60', '/names-500', '/names-6000']) {
        const whole = await namesOf(session, path);
        for (const limit of [1, 7]) expect(await namesOf(session, path, limit), path).toEqual(whole);
      }
      await expect(session.find('/names-60/none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
  });

  it('that was backed up while it was mounted tells that its log was not empty, and no byte of it changes', async () => {
    const [image, taken] = [join(folder, 'mounted.raw'), join(folder, 'taken.raw')];
    makeXfs(image, '400M', []);
    await fillXfs(image, async (mount) => {
      await writeFile(join(mount, 'before'), 'before');
      run('sync', ['--file-system', mount]);
      await copyFile(image, taken);
    });
    const before = digest(await readFile(taken));
    await using session = await browse(await openRawPoint(taken));
    expect(session.findings).toMatchObject([{ severity: 'warning', code: 'journal-unread' }]);
    await namesOf(session, '/');
    expect(digest(await readFile(taken))).toBe(before);
  });
});

describeWithPeers(['xfs-tools'], 'a disk of XFS without checksums, version 4', () => {
  it.each([
    ['with types in its folders', ['-n', 'ftype=1']],
    ['without types', ['-n', 'ftype=0']],
  ])('%s holds every file with its bytes, and the text of a long link', async (title, options) => {
    const [image, source, list] = [`${title}.raw`, 'source', `${title}.list`].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await writeFile(source, noise(100_000, 'version 4'));
    const names = (count: number) =>
      Array.from(
        { length: count },
        (_, index) => [`file-${index}`, index === 1 ? source : '/dev/null'] as const,
      );
    const folders = { few: names(3), block: names(60), leaf: names(400), node: names(3000) };
    await writeFile(list, prototypeOf(folders));
    makeXfs(image, '400M', ['-m', 'crc=0', '-i', 'size=256', ...options, '-p', list]);
    await using session = await browse(await openRawPoint(image));
    expect(session.findings).toEqual([]);
    for (const [path, files] of Object.entries(folders)) {
      expect((await namesOf(session, `/${path}`)).sort()).toEqual(files.map(([name]) => name).sort());
      expect(await contentOf(session, `/${path}/file-1`)).toEqual(noise(100_000, 'version 4'));
      expect(await session.stat(`/${path}/file-1`)).toMatchObject({ mode: 0o640, uid: 7, gid: 8, links: 1 });
    }
    expect(await session.readLink('/long')).toBe(longTarget());
  });

  it('holds what two inodes have in common once in an archive, and tells the second', async () => {
    const [image, source, list] = ['shared.raw', 'source-2', 'shared.list'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await writeFile(source, noise(100_000, 'shared'));
    await writeFile(
      list,
      prototypeOf({
        few: [
          ['one', source],
          ['two', source],
        ],
      }),
    );
    makeXfs(image, '400M', ['-m', 'crc=0', '-i', 'size=256', '-p', list]);
    await using file = await open(image, 'r+');
    const head = Buffer.alloc(512);
    await file.read(head, 0, 512, 0);
    const placeOf = async (path: string): Promise<number> => {
      await using session = await browse(await openRawPoint(image));
      const { node } = await session.stat(path);
      const perBlock = 2 ** head.readUInt8(0x7b);
      const group = Math.floor(node / 2 ** (head.readUInt8(0x7c) + head.readUInt8(0x7b)));
      const within = node % 2 ** (head.readUInt8(0x7c) + head.readUInt8(0x7b));
      const block = group * head.readUInt32BE(0x54) + Math.floor(within / perBlock);
      return block * head.readUInt32BE(4) + (within % perBlock) * 256;
    };
    const fork = Buffer.alloc(156);
    await file.read(fork, 0, 156, (await placeOf('/few/one')) + 100);
    await file.write(fork, 0, 156, (await placeOf('/few/two')) + 100);
    await using session = await browse(await openRawPoint(image));
    const output = join(folder, 'shared.tar');
    const { findings } = await extractToFile({ session, path: '/', output, overwrite: true });
    expect(findings).toHaveLength(1);
    expect(findings).toMatchObject([{ severity: 'error', code: 'file-left-out' }]);
  });
});
