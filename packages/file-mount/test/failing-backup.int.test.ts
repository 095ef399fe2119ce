import { readFile } from 'node:fs/promises';
import { createFileDriver } from '@sendense/blockio-file';
import { type BlockReader, SendenseError } from '@sendense/core';
import { extractToFile } from '@sendense/file-restore';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { browsePoint } from '../src/index.ts';
import { makeExt4 } from './support/ext4.ts';
import { pointOf } from './support/raw-point.ts';
import { Scene } from './support/scene.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
let disk = '';
beforeEach(async () => {
  scene = await Scene.open();
  await makeTree(scene.at('tree'), 'failing', true);
  disk = scene.at('disk.raw');
  makeExt4(disk, '32M', scene.at('tree'));
});
afterEach(() => scene[Symbol.asyncDispose]());

/** A disk of a repository that can be away for a while. */
async function openDisk(state: { isAway: boolean }): Promise<BlockReader> {
  const inner = await createFileDriver().openReader({ kind: 'file', path: disk });
  return {
    sizeBytes: inner.sizeBytes,
    limits: inner.limits,
    async read(offset, into, call) {
      if (state.isAway)
        throw new SendenseError('CONNECTION_LOST', 'the store went away', { operation: 'read-chunk' });
      await inner.read(offset, into, call);
    },
    extents: (range, call) => inner.extents(range, call),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

describeWithPeers(peers, 'files over a mount whose backup cannot be read for a while', () => {
  it('are not damaged: reading and archives fail as in process, and go on once it can be read', async () => {
    const state = { isAway: false };
    await using session = await browsePoint(pointOf([await openDisk(state)]), {
      directory: scene.directory,
      trustImage: true,
      ways: ['mounted'],
    });
    const take = (path: string, name: string) =>
      extractToFile({ session, path, output: scene.at(name), overwrite: false });
    await session.find('/noise');
    state.isAway = true;
    const lost = { code: 'CONNECTION_LOST', message: 'the store went away' };
    await expect(take('/noise', 'noise')).rejects.toMatchObject(lost);
    await expect(take('/', 'all.tar')).rejects.toMatchObject(lost);
    state.isAway = false;
    expect((await take('/', 'all.tar')).findings).toEqual([]);
    await take('/noise', 'noise');
    expect((await readFile(scene.at('noise'))).equals(await readFile(scene.at('tree/noise')))).toBe(true);
  });
});
