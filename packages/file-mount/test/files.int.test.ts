import { execFileSync } from 'node:child_process';
import { link, mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrowseSession, extractToFile } from '@sendense/file-restore';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FilesOptions, listMounts } from '../src/index.ts';
import { browseByWays } from './support/browse-by-ways.ts';
import { makeExt4 } from './support/ext4.ts';
import { digest, type Facts, factsBrowsed, factsOnDisk } from './support/facts.ts';
import { run } from './support/program.ts';
import { restsOf } from './support/rests.ts';
import { Scene } from './support/scene.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene[Symbol.asyncDispose]());

const needed = ['loop-mounts', 'qemu-storage-daemon', 'fuse'];
/** With these, `mkfs.xfs` makes file systems of less than 300 MB: it is meant for tests. */
const SMALL = { TEST_DIR: '/', TEST_DEV: '/', QA_CHECK_FS: '1' };

/** Compares what browsing tells of all files by each way, and archives of them; nothing is left of the mount, and nothing is written. */
async function expectSameBothWays(disk: string): Promise<void> {
  const { directory } = scene;
  const before = digest(await readFile(disk));
  {
    await using inProcess = await browseByWays({ directory, trustImage: true }, disk);
    expect(inProcess.ways).toMatchObject([{ volume: 'disk-0', way: 'in-process', missing: [] }]);
    await using mounted = await browseByWays({ directory, trustImage: true, ways: ['mounted'] }, disk);
    expect(mounted.ways).toMatchObject([{ volume: 'disk-0', way: 'mounted', missing: [] }]);
    expect(mounted.volumes).toMatchObject([{ id: 'disk-0', access: 'mounted' }]);
    const wanted = await factsBrowsed(inProcess, '/');
    expect(wanted.size).toBeGreaterThan(40);
    expect(await factsBrowsed(mounted, '/')).toEqual(wanted);
    await expectSameArchives(mounted, inProcess);
  }
  expect(await listMounts(directory)).toEqual([]);
  expect(restsOf(scene.folder)).toEqual([]);
  expect(digest(await readFile(disk))).toBe(before);
}

/** Unpacks an archive of all files of each session, and compares what came out. */
async function expectSameArchives(...sessions: readonly BrowseSession[]): Promise<void> {
  const unpacked: ReadonlyMap<string, Facts>[] = [];
  for (const [index, session] of sessions.entries()) {
    const output = scene.at(`all-${index}.tar`);
    const { findings } = await extractToFile({ session, path: '/', output, overwrite: true });
    expect(findings).toEqual([]);
    const folder = scene.at(`unpacked-${index}`);
    run('rm', ['-rf', folder]);
    await mkdir(folder);
    run('tar', ['--numeric-owner', '-xpf', output, '-C', folder]);
    unpacked.push(await factsOnDisk(folder));
  }
  expect(unpacked[0]).toEqual(unpacked[1]);
}

describeWithPeers([...needed, 'ext4-tools'], 'a disk of ext4', () => {
  it('has the same files in process and mounted, one by one and as an archive', async () => {
    const disk = scene.blank('ext4.raw', '64M');
    makeExt4(disk, '64M');
    await scene.fill(disk, ['-o', 'loop'], async (mount) => {
      await makeTree(mount, 'ext4', true);
      await link(join(mount, 'noise'), join(mount, 'docs', 'noise again'));
      run('truncate', ['--size', '20M', join(mount, 'holes')]);
      await using holes = await open(join(mount, 'holes'), 'r+');
      await holes.write('in the middle', 10_000_001);
    });
    await expectSameBothWays(disk);
  });
});

describeWithPeers([...needed, 'xfs-tools'], 'a disk of XFS', () => {
  it('has the same files in process and mounted, one by one and as an archive', async () => {
    const disk = scene.blank('xfs.raw', '64M');
    run('mkfs.xfs', ['-q', '-f', disk], undefined, SMALL);
    await scene.fill(disk, ['-t', 'xfs', '-o', 'loop,nouuid'], (mount) => makeTree(mount, 'xfs', true));
    await expectSameBothWays(disk);
  });
});

describeWithPeers([...needed, 'btrfs-tools'], 'a disk of btrfs with a subvolume', () => {
  it('has the same files both ways, also where files of two subvolumes have one number', async () => {
    const disk = scene.blank('btrfs.raw', '128M');
    run('mkfs.btrfs', ['-q', '-f', disk]);
    await scene.fill(disk, ['-t', 'btrfs', '-o', 'loop'], async (mount) => {
      await makeTree(mount, 'btrfs', true);
      run('btrfs', ['subvolume', 'create', join(mount, 'sub')]);
      await makeTree(join(mount, 'sub'), 'sub', true);
      for (const folder of [mount, join(mount, 'sub')])
        await link(join(folder, 'noise'), join(folder, 'docs', 'noise again'));
      const numbers = [mount, join(mount, 'sub')].map((folder) =>
        run('stat', ['-c', '%i', join(folder, 'noise')]),
      );
      expect(new Set(numbers).size).toBe(1);
    });
    await expectSameBothWays(disk);
  });
});

/** A tree on a disk of a file system that is not read in process. */
async function makeImage(name: string, make: (tree: string, disk: string) => void): Promise<string> {
  const tree = scene.at(`${name}.tree`);
  await makeTree(tree, name, true);
  const disk = scene.at(`${name}.raw`);
  make(tree, disk);
  return disk;
}

/** Browses a file system that only the kernel knows, and compares it with the tree that was put on it. */
async function expectMounted(disk: string, kind: string, timeUnit: bigint): Promise<void> {
  const { directory } = scene;
  await using session = await browseByWays({ directory, trustImage: true }, disk);
  expect(session.ways).toEqual([
    {
      volume: 'disk-0',
      way: 'mounted',
      reason: `${kind} is mounted read-only, by the kernel`,
      missing: [{ way: 'in-process', why: `${kind} is not read in this process` }],
    },
  ]);
  expect(session.findings).toMatchObject([{ severity: 'info', code: 'volume-mounted', object: 'disk-0' }]);
  const made = await factsOnDisk(scene.at(`${kind}.tree`));
  expect(made.size).toBeGreaterThan(40);
  const kept = ({ mtimeNs, ...facts }: Facts) => ({ ...facts, mtimeNs: (mtimeNs / timeUnit) * timeUnit });
  expect(await factsBrowsed(session, '/')).toEqual(
    new Map([...made].map(([path, facts]) => [path, kept(facts)])),
  );
}

describeWithPeers([...needed, 'erofs-tools'], 'a disk of erofs, which is not read in process', () => {
  it('is mounted by itself where the disks are trusted, and shows all that is in it', async () => {
    const make = (tree: string, disk: string) => run('mkfs.erofs', ['--preserve-mtime', disk, tree]);
    await expectMounted(await makeImage('erofs', make), 'erofs', 1n);
    expect(restsOf(scene.folder)).toEqual([]);
  });
});

describeWithPeers([...needed, 'squashfs-tools'], 'a disk of squashfs, which is not read in process', () => {
  const make = (tree: string, disk: string) => {
    run('mksquashfs', [tree, disk, '-noappend', '-quiet', '-no-progress']);
  };

  it('is mounted by itself where the disks are trusted, and shows all that is in it', async () => {
    await expectMounted(await makeImage('squashfs', make), 'squashfs', 1_000_000_000n);
    expect(restsOf(scene.folder)).toEqual([]);
  });

  it('is refused without a word of trust, which is told, and nothing is mounted', async () => {
    const disk = await makeImage('untrusted', make);
    const { directory } = scene;
    await using session = await browseByWays({ directory }, disk);
    expect(session.ways).toMatchObject([
      {
        way: null,
        missing: [{ way: 'in-process' }, { way: 'mounted', why: expect.stringContaining('trustImage') }],
      },
    ]);
    const codes = session.findings.map(({ code }) => code);
    expect(codes).toEqual(['volume-unreadable', 'volume-not-mounted']);
    await expect(session.find('/noise')).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining('trustImage'),
    });
    expect(await listMounts(directory)).toEqual([]);
  });

  it('is refused where mounting is not one of the ways that are allowed', async () => {
    const disk = await makeImage('only', make);
    const options: FilesOptions = { directory: scene.directory, trustImage: true, ways: ['in-process'] };
    await using session = await browseByWays(options, disk);
    expect(session.ways).toMatchObject([{ way: null, missing: [{ way: 'in-process' }] }]);
  });
});

describeWithPeers(['ext4-tools'], 'a disk of ext4 that is to be mounted rather than read in process', () => {
  it('is read in process all the same where nobody trusts it, which is told', async () => {
    const tree = scene.at('rather.tree');
    await makeTree(tree, 'rather', true);
    const disk = scene.at('rather.raw');
    makeExt4(disk, '32M', tree);
    await using session = await browseByWays(
      { directory: scene.directory, ways: ['mounted', 'in-process'] },
      disk,
    );
    expect(session.ways).toMatchObject([{ way: 'in-process', missing: [{ way: 'mounted' }] }]);
    expect(session.findings).toMatchObject([{ severity: 'info', code: 'volume-in-process' }]);
    expect((await session.stat('/noise')).sizeBytes).toBe(3_000_001);
  });
});

describeWithPeers([...needed, 'ext4-tools'], 'the files of a mount', () => {
  it('are found below its root alone, wherever links lead', async () => {
    const outside = scene.at('outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), 'of this machine');
    const tree = scene.at('links.tree');
    await mkdir(join(tree, 'inner'), { recursive: true });
    await writeFile(join(tree, 'inner', 'file'), 'of the backup');
    await symlink(outside, join(tree, 'absolute'));
    await symlink('../../../../../../../../../../../etc', join(tree, 'above'));
    await symlink('/inner/file', join(tree, 'inner', 'rooted'));
    const disk = scene.at('links.raw');
    makeExt4(disk, '8M', tree);
    const options = { directory: scene.directory, trustImage: true };
    await using session = await browseByWays({ ...options, ways: ['mounted'] }, disk);
    for (const path of ['/absolute/secret', '/above/passwd', '/../../etc/passwd'])
      await expect(session.find(path)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const found = await session.find('/inner/rooted');
    const parts: Uint8Array[] = [];
    for await (const bytes of session.bytes(found, { offset: 0, length: found.stat.sizeBytes }))
      parts.push(bytes);
    expect(Buffer.concat(parts).toString()).toBe('of the backup');
    expect(await session.readLink('/absolute')).toBe(outside);
  });

  it('are found by names that are no UTF-8, of folders deeper than a path may be long', async () => {
    const tree = scene.at('odd.tree');
    await mkdir(tree);
    const odd = Buffer.concat([Buffer.from(`${tree}/f`), Buffer.from([0xff, 0xfe])]);
    await writeFile(odd, 'odd');
    const disk = scene.at('odd.raw');
    makeExt4(disk, '16M', tree);
    const name = 'n'.repeat(250);
    await scene.fill(disk, ['-o', 'loop'], async (mount) => {
      const make = `for i in $(seq 20); do mkdir ${name}; cd ${name}; done; echo deep > file`;
      run('bash', ['-c', `cd '${mount}' && ${make}`]);
    });
    const options = { directory: scene.directory, trustImage: true };
    await using session = await browseByWays({ ...options, ways: ['mounted'] }, disk);
    expect((await session.stat('/f\u{dcff}\u{dcfe}')).sizeBytes).toBe(3);
    expect((await session.stat(`/${`${name}/`.repeat(20)}file`)).sizeBytes).toBe(5);
  });

  it('are lost, not damaged, when what serves them goes away', async () => {
    const tree = scene.at('lost.tree');
    await makeTree(tree, 'lost', true);
    const disk = scene.at('lost.raw');
    makeExt4(disk, '32M', tree);
    const { directory } = scene;
    await using session = await browseByWays({ directory, trustImage: true, ways: ['mounted'] }, disk);
    const found = await session.find('/noise');
    const [mount] = await listMounts(directory);
    process.kill(Number(await readFile(join(directory, mount?.id ?? '', 'daemon.pid'), 'utf8')), 'SIGKILL');
    const read = async () => {
      for await (const _ of session.bytes(found, { offset: 0, length: found.stat.sizeBytes }));
    };
    await expect(read()).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await session[Symbol.asyncDispose]();
    expect(await listMounts(directory)).toEqual([]);
    expect(restsOf(scene.folder)).toEqual([]);
  });

  it('are read by many at once in a process that has one thread for files and serves their bytes itself', async () => {
    const tree = scene.at('many.tree');
    await makeTree(tree, 'many', true);
    const disk = scene.at('many.raw');
    makeExt4(disk, '32M', tree);
    const program = join(import.meta.dirname, 'read-all-process.ts');
    const options = { directory: scene.directory, trustImage: true, ways: ['mounted'] };
    const said = execFileSync(
      process.execPath,
      [...process.execArgv, program, JSON.stringify(options), disk],
      { env: { ...process.env, UV_THREADPOOL_SIZE: '1' }, timeout: 60_000, encoding: 'utf8' },
    );
    const made = await factsOnDisk(tree);
    const wanted = [...made]
      .filter(([, { type }]) => type === 'file')
      .map(([path, { content }]) => [path, content]);
    expect(new Map(JSON.parse(said) as [string, string][])).toEqual(new Map(wanted as [string, string][]));
  });
});
