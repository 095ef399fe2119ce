import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createFileDriver } from '@sendense/blockio-file';
import { type BlockReader, SendenseError } from '@sendense/core';
import { extractToFile } from '@sendense/file-restore';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { browsePoint } from '../src/index.ts';
import { makeExt4 } from './support/ext4.ts';
import { pointOf } from './support/raw-point.ts';
import { restsOf } from './support/rests.ts';
import { Scene } from './support/scene.ts';
import { standIn } from './support/stand-in.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
let disk = '';
beforeEach(async () => {
  scene = await Scene.open();
  await makeTree(scene.at('tree'), 'failing', true);
  disk = scene.at('disk.raw');
  makeExt4(disk, '32M', scene.at('tree'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await scene[Symbol.asyncDispose]();
});

/** A disk of a repository that can be away for a while. */
async function openDisk(state: { readonly isAway: boolean }): Promise<BlockReader> {
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

const LOST = { code: 'CONNECTION_LOST', message: 'the store went away' };

/** A disk that goes away once a program that stands in for one of the system has left a mark. */
function openUntilMarked(): Promise<BlockReader> {
  return openDisk({
    get isAway() {
      return existsSync(scene.at('mark'));
    },
  });
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
    await expect(take('/noise', 'noise')).rejects.toMatchObject(LOST);
    await expect(take('/', 'all.tar')).rejects.toMatchObject(LOST);
    state.isAway = false;
    expect((await take('/', 'all.tar')).findings).toEqual([]);
    await take('/noise', 'noise');
    expect((await readFile(scene.at('noise'))).equals(await readFile(scene.at('tree/noise')))).toBe(true);
  });

  it('are no reason to open without their volume: a session whose backup goes away while it is mounted fails as in process', async () => {
    // reads of the disk what a driver may, and refuses as one does
    await standIn(scene.at('bin'), 'mount', [
      `touch '${scene.at('mark')}'`,
      'for word; do case "$word" in */volumes/v0) disk="$word";; esac; done',
      'dd if="$disk" of=/dev/null bs=64k skip=320 count=1 || exit 32',
    ]);
    const options = { directory: scene.directory, trustImage: true, ways: ['mounted' as const] };
    await expect(browsePoint(pointOf([await openUntilMarked()]), options)).rejects.toMatchObject(LOST);
    expect(restsOf(scene.folder)).toEqual([]);
  });
});

describeWithPeers(
  ['ext4-tools', 'qemu-io'],
  'a virtual machine whose backup goes away while it starts',
  () => {
    it('is no reason to open without its volume', async () => {
      // reads of the disk what the machine would
      await standIn(scene.at('bin'), 'guestmount', [
        `touch '${scene.at('mark')}'`,
        'for word; do case "$word" in nbd:*) disk="nbd+unix:$(echo "$word" | cut -c5-)";; esac; done',
        `exec qemu-io -r -f raw -c 'read 20M 64k' "$disk" >&2`,
      ]);
      const options = { directory: scene.directory, ways: ['appliance' as const] };
      await expect(browsePoint(pointOf([await openUntilMarked()]), options)).rejects.toMatchObject(LOST);
      expect(restsOf(scene.folder)).toEqual([]);
    });
  },
);
