import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FilesOptions, reconcileMounts } from '../src/index.ts';
import { makeExt4 } from './support/ext4.ts';
import { restsOf } from './support/rests.ts';
import { Scene } from './support/scene.ts';

let scene: Scene;
let disk = '';
/** So many that the last one is not read along with the first. */
const FILES = 3000;

beforeEach(async () => {
  scene = await Scene.open();
  disk = scene.blank('disk.raw', '32M');
  makeExt4(disk, '32M');
  await scene.fill(disk, ['-o', 'loop'], async (mount) => {
    for (let index = 0; index < FILES; index += 1) await writeFile(join(mount, `file ${index}`), '');
  });
});
afterEach(() => scene[Symbol.asyncDispose]());

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

/**
 * A process that looks at a file over a mount whose bytes do not come. The kernel waits for an inode in a way that no signal ends, and for the
 * content of a file in another one.
 */
function startReading(end: 'exit' | 'stay') {
  const program = join(import.meta.dirname, 'exit-process.ts');
  const options: FilesOptions = { directory: scene.directory, trustImage: true, ways: ['mounted'] };
  const files = ['/file 0', `/file ${FILES - 1}`];
  const args = [...process.execArgv, program, JSON.stringify(options), disk, ...files, end];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function expectReconciled(): Promise<void> {
  expect((await reconcileMounts(scene.directory)).removed).toHaveLength(1);
  expect(restsOf(scene.folder)).toEqual([]);
}

describeWithPeers(peers, 'a process that looks at a mounted file whose bytes do not come', () => {
  it('ends all the same when it says so, and its mount is taken away by the next reconcile', async () => {
    expect(await once(startReading('exit'), 'exit')).toEqual([7, null]);
    await expectReconciled();
  });

  it('ends all the same when it is killed, with the program that shows the file', async () => {
    const child = startReading('stay');
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    await expectReconciled();
  });
});
