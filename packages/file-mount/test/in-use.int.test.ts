import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { unmountPoint } from '../src/index.ts';
import { needProgram } from '../src/programs/find-program.ts';
import { makeExt4 } from './support/ext4.ts';
import { holdOpen } from './support/hold-open.ts';
import { Scene } from './support/scene.ts';
import { standIn } from './support/stand-in.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
let disk = '';
beforeEach(async () => {
  scene = await Scene.open();
  await makeTree(scene.at('tree'), 'in use', true);
  disk = scene.at('disk.raw');
  makeExt4(disk, '32M', scene.at('tree'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await scene[Symbol.asyncDispose]();
});

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

describeWithPeers(peers, 'a mount that is in use', () => {
  it('and cannot be shown in full again is told as in use, with what is not shown', async () => {
    const { directory } = scene;
    const { told } = await scene.mount({}, disk, disk);
    const [first = '', second = ''] = told.volumes.map(({ target }) => target);
    await standIn(scene.at('programs'), 'mount', ['echo no more; exit 1']);
    await using _ = await holdOpen(join(first, 'noise'));
    const ended = unmountPoint({ directory, mount: told.id, force: false });
    await expect(ended).rejects.toMatchObject({
      code: 'LOCKED',
      context: { target: first },
      message: expect.stringContaining(`${second} was unmounted, and cannot be mounted again: no more`),
    });
  });

  it('when it is closed is told by the process that closed it', async () => {
    const keeper = await scene.mount({}, disk);
    await using _ = await holdOpen(join(keeper.told.path, 'noise'));
    keeper.child.kill('SIGTERM');
    expect(await keeper.last()).toMatchObject({
      end: 'closed',
      findings: [{ severity: 'warning', code: 'mount-in-use', object: keeper.told.path }],
    });
  });
});

describeWithPeers(peers, 'a process that ends while its mount is ended from elsewhere', () => {
  it('gets no signal: its id may be another one already', async () => {
    const { directory } = scene;
    const keeper = await scene.mount({}, disk);
    const pid = keeper.child.pid ?? 0;
    const umount = await needProgram('umount', 'mount');
    await standIn(scene.at('programs'), 'umount', [
      `kill -9 ${pid}`,
      `while [ -e /proc/${pid} ] && ! grep -q zombie /proc/${pid}/status; do :; done`,
      `exec ${umount} "$@"`,
    ]);
    const kill = vi.spyOn(process, 'kill');
    await unmountPoint({ directory, mount: keeper.told.id, force: false });
    expect(kill).not.toHaveBeenCalledWith(pid, 'SIGTERM');
    expect(scene.rests()).toEqual([]);
  });
});
