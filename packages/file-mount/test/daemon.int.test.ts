import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listMounts, reconcileMounts } from '../src/index.ts';
import { needProgram } from '../src/programs/find-program.ts';
import { runProgram } from '../src/programs/run-program.ts';
import { sendSignal } from '../src/system/send-signal.ts';
import { makeExt4 } from './support/ext4.ts';
import { attachedAs, isAttached, restsOf } from './support/rests.ts';
import { Scene } from './support/scene.ts';
import { serveDisk } from './support/served.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
let disk = '';
beforeEach(async () => {
  scene = await Scene.open();
  await makeTree(scene.at('tree'), 'daemon', true);
  disk = scene.at('disk.raw');
  makeExt4(disk, '32M', scene.at('tree'));
});
afterEach(() => scene[Symbol.asyncDispose]());

/** Ends the storage daemon of a mount as a system that shuts down does. */
async function endDaemon(id: string): Promise<void> {
  const folder = join(scene.directory, id);
  // one whose server was killed goes by itself
  sendSignal(Number(await readFile(join(folder, 'daemon.pid'), 'utf8')), 'SIGTERM');
  await vi.waitUntil(() => !restsOf(folder).some((line) => line.includes('qemu-storage-daemon')));
}

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

describeWithPeers(peers, 'a mount whose storage daemon is ended before it', () => {
  it('goes, also from a folder of the user: the device goes with it', async () => {
    const keeper = await scene.mount({ path: scene.at('shown') }, disk);
    await endDaemon(keeper.told.id);
    expect(await keeper.end()).toBe('lost');
    expect(scene.rests()).toEqual([]);
    await expect(stat(scene.at('shown'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await listMounts(scene.directory)).toEqual([]);
  });

  it('and whose process was killed is known until it is taken away', async () => {
    const keeper = await scene.mount({ path: scene.at('shown') }, disk);
    await keeper.kill();
    await endDaemon(keeper.told.id);
    expect((await reconcileMounts(scene.directory)).removed).toEqual([keeper.told.id]);
    expect(scene.rests()).toEqual([]);
  });
});

describeWithPeers(peers, 'what a process was doing when it was killed', () => {
  it('is undone: a device that was attached to mount it is let go of', async () => {
    await using served = await serveDisk(scene.directory, disk);
    const { said: device } = await runProgram(await needProgram('losetup', 'mount'), [
      '--find',
      '--show',
      '--read-only',
      served.file,
    ]);
    const attached = attachedAs(device);
    expect((await reconcileMounts(scene.directory)).removed).toEqual([served.record.id]);
    expect(isAttached(attached)).toBe(false);
    expect(scene.rests()).toEqual([]);
  });
});

describeWithPeers(peers, 'a storage daemon whose server hung up', () => {
  it('connects again: the file is read on without an error', async () => {
    const cut = Promise.withResolvers<void>();
    const log = ({ message }: { message: string }) => {
      if (message.includes('asked for nothing')) cut.resolve();
    };
    await using served = await serveDisk(scene.directory, disk, { limits: { idleTimeoutMs: 200 }, log });
    await cut.promise;
    expect((await readFile(served.file)).equals(await readFile(disk))).toBe(true);
  });
});
