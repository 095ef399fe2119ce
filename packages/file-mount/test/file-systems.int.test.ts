import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browseDisks } from './support/browse.ts';
import { makeExt4 } from './support/ext4.ts';
import { digest, type Facts, factsBrowsed, factsOnDisk } from './support/facts.ts';
import { run } from './support/program.ts';
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

/** Mounts a disk, compares all of it with what is browsed in process, and unmounts it; the codes of what was told. */
async function expectSame(
  disk: string,
  driver: string,
  made: ReadonlyMap<string, Facts>,
): Promise<readonly string[]> {
  const before = digest(await readFile(disk));
  const keeper = await scene.mount({ path: `${disk}.shown` }, disk);
  expect(keeper.told).toMatchObject({ volumes: [{ driver }] });
  const shown = await factsOnDisk(keeper.told.path);
  {
    await using browsed = await browseDisks(disk);
    expect(shown).toEqual(await factsBrowsed(browsed.session, '/'));
  }
  const contents = (files: ReadonlyMap<string, Facts>) =>
    new Map([...files].filter(([path]) => made.has(path)).map(([path, { content }]) => [path, content]));
  expect(contents(shown)).toEqual(contents(made));
  keeper.child.kill('SIGTERM');
  expect(await keeper.end()).toBe('closed');
  expect(scene.rests()).toEqual([]);
  expect(digest(await readFile(disk))).toBe(before);
  return keeper.told.findings.map(({ code }) => code);
}

describeWithPeers([...needed, 'xfs-tools'], 'a disk of XFS that the kernel filled', () => {
  it('shows the same as browsing', async () => {
    const disk = scene.blank('xfs.raw', '64M');
    run('mkfs.xfs', ['-q', '-f', disk], undefined, SMALL);
    const made = new Map<string, Facts>();
    await scene.fill(disk, ['-t', 'xfs', '-o', 'loop,nouuid'], async (mount) => {
      await makeTree(mount, 'xfs', true);
      for (const [path, facts] of await factsOnDisk(mount)) made.set(path, facts);
    });
    await expectSame(disk, 'kernel', made);
  });
});

describeWithPeers([...needed, 'btrfs-tools'], 'a disk of btrfs that the kernel filled', () => {
  it('shows the same as browsing, also while the original is mounted and has changed since', async () => {
    const disk = scene.blank('btrfs.raw', '128M');
    const taken = scene.at('btrfs-taken.raw');
    run('mkfs.btrfs', ['-q', '-f', disk]);
    const made = new Map<string, Facts>();
    await scene.fill(disk, ['-t', 'btrfs', '-o', 'loop'], async (mount) => {
      await makeTree(mount, 'btrfs', true);
      for (const [path, facts] of await factsOnDisk(mount)) made.set(path, facts);
    });
    run('cp', ['--sparse=always', disk, taken]);
    await scene.fill(disk, ['-t', 'btrfs', '-o', 'loop'], async (mount) => {
      await rm(join(mount, 'noise'));
      await writeFile(join(mount, 'later'), 'only in the original');
      run('sync', ['--file-system', mount]);
      await expectSame(taken, 'kernel', made);
    });
  });
});

describeWithPeers([...needed, 'ntfs-tools'], 'a disk of NTFS that ntfs-3g filled', () => {
  it('shows the same as browsing', async () => {
    const disk = scene.blank('ntfs.raw', '64M');
    run('mkntfs', ['-q', '-F', disk]);
    const made = new Map<string, Facts>();
    await scene.fillBy('ntfs-3g', disk, async (mount) => {
      await makeTree(mount, 'ntfs', false);
      for (const [path, facts] of await factsOnDisk(mount)) made.set(path, facts);
    });
    await expectSame(disk, 'ntfs-3g', made);
  });
});

describeWithPeers([...needed, 'ntfs-tools'], 'a disk of NTFS', () => {
  it('is not mounted from a folder whose path has a comma, which is told', async () => {
    await using comma = await Scene.open('a,b-');
    const disk = comma.blank('ntfs.raw', '64M');
    run('mkntfs', ['-q', '-F', disk]);
    const { told } = await comma.mount({}, disk);
    expect(told.error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(told.error?.message).toContain('comma');
    expect(comma.rests()).toEqual([]);
  });
});

describeWithPeers([...needed, 'exfat-tools'], 'a disk of exFAT that exfat-fuse filled', () => {
  it('shows the same as browsing', async () => {
    const disk = scene.blank('exfat.raw', '64M');
    run('mkfs.exfat', [disk]);
    const made = new Map<string, Facts>();
    await scene.fillBy('mount.exfat-fuse', disk, async (mount) => {
      await makeTree(mount, 'exfat', false);
      for (const [path, facts] of await factsOnDisk(mount)) made.set(path, facts);
    });
    await expectSame(disk, 'exfat-fuse', made);
  });
});

describeWithPeers([...needed, 'ext4-tools'], 'a disk of ext4 that was taken while it was mounted', () => {
  it('shows what its journal says, as browsing does, and not a byte of it changes', async () => {
    const disk = scene.blank('live.raw', '64M');
    const taken = scene.at('taken.raw');
    makeExt4(disk, '64M');
    const made = new Map<string, Facts>();
    await scene.fill(disk, ['-o', 'loop,data=ordered'], async (mount) => {
      await makeTree(mount, 'ext4', true);
      run('sync', ['--file-system', mount]);
      run('mv', [join(mount, 'docs'), join(mount, 'later')]);
      run('sync', [join(mount, 'later')]);
      run('cp', ['--sparse=always', disk, taken]);
      for (const [path, facts] of await factsOnDisk(mount)) made.set(path, facts);
    });
    expect(made.has('later/deep/file 3')).toBe(true);
    expect(await expectSame(taken, 'kernel', made)).toEqual(['journal-laid-over']);
  });
});
