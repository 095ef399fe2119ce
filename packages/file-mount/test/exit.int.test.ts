import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FilesOptions, reconcileMounts } from '../src/index.ts';
import { makeExt4 } from './support/ext4.ts';
import { restsOf } from './support/rests.ts';
import { Scene } from './support/scene.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
let disk = '';
beforeEach(async () => {
  scene = await Scene.open();
  await makeTree(scene.at('tree'), 'exit', true);
  disk = scene.at('disk.raw');
  makeExt4(disk, '32M', scene.at('tree'));
});
afterEach(() => scene[Symbol.asyncDispose]());

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

describeWithPeers(peers, 'a process that reads a mounted file whose bytes do not come', () => {
  it('ends all the same when it says so, and its mount is taken away by the next reconcile', async () => {
    const program = join(import.meta.dirname, 'exit-process.ts');
    const options: FilesOptions = { directory: scene.directory, trustImage: true, ways: ['mounted'] };
    const args = [...process.execArgv, program, JSON.stringify(options), disk, '/noise'];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    expect(await once(child, 'exit')).toEqual([7, null]);
    expect((await reconcileMounts(scene.directory)).removed).toHaveLength(1);
    expect(restsOf(scene.folder)).toEqual([]);
  });
});
