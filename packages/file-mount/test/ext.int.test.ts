import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listMounts, reconcileMounts } from '../src/index.ts';
import { makeExt4 } from './support/ext4.ts';
import { digest, type Facts, factsOnDisk } from './support/facts.ts';
import { Scene } from './support/scene.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
let folder = '';
let disk = '';
let made: ReadonlyMap<string, Facts> = new Map();
let directory = '';

beforeEach(async () => {
  scene = await Scene.open();
  ({ folder, directory } = scene);
  disk = scene.at('disk.raw');
  makeExt4(disk, '64M');
  await scene.fill(disk, ['-o', 'loop'], async (mount) => {
    await makeTree(mount, 'ext4', true);
    made = await factsOnDisk(mount);
  });
});
afterEach(() => scene[Symbol.asyncDispose]());

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

describeWithPeers(peers, 'a disk of ext4', () => {
  it('shows its files below the path, with their bytes, rights, owners and times, and ends without a trace', async () => {
    const before = digest(await readFile(disk));
    const path = join(folder, 'shown');
    const keeper = await scene.mount({ path }, disk);
    expect(keeper.told).toMatchObject({
      path,
      volumes: [{ id: 'disk-0', fileSystem: 'ext4', driver: 'kernel', target: path }],
      findings: [],
    });
    expect(await factsOnDisk(path)).toEqual(made);
    await expect(writeFile(join(path, 'new'), '')).rejects.toMatchObject({ code: 'EROFS' });
    keeper.child.kill('SIGTERM');
    expect(await keeper.end()).toBe('closed');
    expect(scene.rests()).toEqual([]);
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await listMounts(directory)).toEqual([]);
    expect(digest(await readFile(disk))).toBe(before);
  });

  it('whose keeper was killed leaves nothing after the next reconcile, and the folder that it used stays', async () => {
    const path = join(folder, 'there');
    await mkdir(path);
    const keeper = await scene.mount({ path }, disk);
    await keeper.kill();
    expect(scene.rests()).not.toEqual([]);
    expect(await listMounts(directory)).toMatchObject([{ id: keeper.told.id, isKept: false }]);
    expect(await reconcileMounts(directory)).toMatchObject({
      removed: [keeper.told.id],
      findings: [{ severity: 'info', code: 'mount-removed' }],
    });
    expect(scene.rests()).toEqual([]);
    expect(await listMounts(directory)).toEqual([]);
    expect((await stat(path)).isDirectory()).toBe(true);
    expect(await reconcileMounts(directory)).toEqual({ removed: [], findings: [] });
  });
});
