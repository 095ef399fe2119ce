import { mkdir, open, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listMounts, reconcileMounts, unmountPoint } from '../src/index.ts';
import { sendSignal } from '../src/system/send-signal.ts';
import { makeExt4 } from './support/ext4.ts';
import { holdOpen } from './support/hold-open.ts';
import { restsOf } from './support/rests.ts';
import { Scene } from './support/scene.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
let disk = '';
beforeEach(async () => {
  scene = await Scene.open();
  await makeTree(scene.at('tree'), 'life', true);
  disk = scene.at('disk.raw');
  makeExt4(disk, '32M', scene.at('tree'));
});
afterEach(() => scene[Symbol.asyncDispose]());

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

describeWithPeers(peers, 'a mount', () => {
  it('is ended from elsewhere by its folder, but not while something is open in it, unless by force', async () => {
    const { directory } = scene;
    const keeper = await scene.mount({}, disk);
    const { id, path } = keeper.told;
    {
      await using _ = await holdOpen(join(path, 'noise'));
      await expect(unmountPoint({ directory, mount: path, force: false })).rejects.toMatchObject({
        code: 'LOCKED',
      });
      expect(await readdir(path)).toContain('noise');
      const { findings } = await unmountPoint({ directory, mount: id, force: true });
      expect(findings).toMatchObject([{ severity: 'warning', code: 'mount-in-use', object: path }]);
    }
    expect(await keeper.end()).toBe('closed');
    expect(await listMounts(directory)).toEqual([]);
    expect(scene.rests()).toEqual([]);
    await expect(unmountPoint({ directory, mount: id, force: false })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('is ended by a symbolic link to its folder', async () => {
    const { directory } = scene;
    const keeper = await scene.mount({ path: scene.at('shown') }, disk);
    await symlink(scene.at('shown'), scene.at('link'));
    await unmountPoint({ directory, mount: scene.at('link'), force: false });
    expect(await keeper.end()).toBe('closed');
    expect(scene.rests()).toEqual([]);
  });

  it('of a process that has other things to do is not ended from elsewhere', async () => {
    const { directory } = scene;
    const keeper = await scene.mount({ dedicated: false }, disk);
    const ended = unmountPoint({ directory, mount: keeper.told.id, force: true });
    await expect(ended).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await readdir(keeper.told.path)).toContain('noise');
  });

  it('ends when nobody uses it for the time that was set', async () => {
    const keeper = await scene.mount({ idleMs: 300 }, disk);
    expect(await keeper.end()).toBe('idle');
    expect(scene.rests()).toEqual([]);
  });

  it('of several volumes shows all of them still when it is not ended because of one', async () => {
    const { directory } = scene;
    const keeper = await scene.mount({}, disk, disk);
    const targets = keeper.told.volumes.map(({ target }) => target);
    expect(targets).toHaveLength(2);
    await using _ = await holdOpen(join(targets[0] ?? '', 'noise'));
    const ended = unmountPoint({ directory, mount: keeper.told.id, force: false });
    await expect(ended).rejects.toMatchObject({ code: 'LOCKED', context: { target: targets[0] } });
    for (const target of targets) expect(await readdir(target)).toContain('noise');
  });

  it('is one of several of a backup at once; a killed one of them is taken away by the next, the others stay', async () => {
    const { directory } = scene;
    const keepers = await Promise.all([1, 2, 3].map(() => scene.mount({}, disk)));
    const [first, second, third] = keepers;
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('three were started');
    const wanted = await readFile(join(scene.at('tree'), 'noise'));
    for (const { told } of keepers)
      expect((await readFile(join(told.path, 'noise'))).equals(wanted)).toBe(true);
    await second.kill();
    const next = await scene.mount({}, disk);
    expect(next.told.findings).toMatchObject([{ code: 'mount-removed', object: second.told.id }]);
    expect(restsOf(join(directory, second.told.id))).toEqual([]);
    expect((await listMounts(directory)).map(({ id }) => id).sort()).toEqual(
      [first, third, next].map(({ told }) => told.id).sort(),
    );
    expect((await readFile(join(third.told.path, 'noise'))).equals(wanted)).toBe(true);
  });

  it('whose storage daemon was killed too leaves nothing after a reconcile', async () => {
    const { directory } = scene;
    const keeper = await scene.mount({}, disk);
    const daemon = Number(await readFile(join(directory, keeper.told.id, 'daemon.pid'), 'utf8'));
    await keeper.kill();
    sendSignal(daemon, 'SIGKILL'); // it may have gone with its server
    expect((await reconcileMounts(directory)).removed).toEqual([keeper.told.id]);
    expect(scene.rests()).toEqual([]);
  });

  it('is ended when its storage daemon is killed', async () => {
    const keeper = await scene.mount({}, disk);
    const pidFile = join(scene.directory, keeper.told.id, 'daemon.pid');
    process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGKILL');
    expect(await keeper.end()).toBe('lost');
    expect(scene.rests()).toEqual([]);
  });

  it('is refused without a word of trust, over a folder that holds something, and of a volume that is not there', async () => {
    const { directory } = scene;
    const codeOf = async (options: Parameters<Scene['mount']>[0]) =>
      (await scene.mount(options, disk)).told.error?.code;
    expect(await codeOf({ trustImage: false })).toBe('CONFIG_INVALID');
    const path = scene.at('full');
    await mkdir(path);
    await writeFile(join(path, 'mine'), '');
    expect(await codeOf({ path })).toBe('ALREADY_EXISTS');
    expect(await codeOf({ volumes: ['disk-7'] })).toBe('NOT_FOUND');
    expect(await readdir(path)).toEqual(['mine']);
    expect(await listMounts(directory)).toEqual([]);
  });

  it('is not made of a file system that contradicts itself', async () => {
    await using file = await open(disk, 'r+');
    // the size of its blocks, which no ext has
    await file.write(Buffer.from([200]), 0, 1, 1024 + 24);
    const { told } = await scene.mount({}, disk);
    expect(told.error?.code).toBe('FORMAT_UNSUPPORTED');
    expect(told.error?.message).toContain('contradicts itself');
    expect(scene.rests()).toEqual([]);
  });
});
