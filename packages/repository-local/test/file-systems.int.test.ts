import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { it } from 'vitest';
import { createLocalRepository, openLocalRepository } from '../src/repository-local.ts';
import { expectContents } from './model-machine.ts';
import { type Mount, mountFuse, mountImage } from './mounts.ts';
import { expectQemuAgrees } from './qemu.ts';
import { RandomHistory } from './random-history.ts';

const STORAGES: readonly [name: string, peers: readonly string[], mount: () => Promise<Mount>][] = [
  ['ext4', ['qemu-img', 'ext4-tools', 'loop-mounts'], () => mountImage('ext4')],
  ['XFS', ['qemu-img', 'xfs-tools', 'loop-mounts'], () => mountImage('xfs')],
  ['a FUSE mount', ['qemu-img', 'bindfs', 'fuse'], mountFuse],
];

for (const [name, peers, mount] of STORAGES) {
  describeWithPeers(peers, `a repository on ${name}`, () => {
    it('keeps every point through a random history, for our reader and for qemu-img', async () => {
      const seed = testSeed();
      await using storage = await mount();
      const path = join(storage.path, 'repository');
      const history = new RandomHistory(seededRandom(seed));
      await (await createLocalRepository({ path }))[Symbol.asyncDispose]();
      let compared = 0;
      for (let step = 0; step < 24 * testScale(); step += 1) {
        await using repository = await openLocalRepository({ path });
        await history.step(repository);
        if (step % 4 !== 3) continue;
        await expectContents(repository, history.contents);
        compared += await expectQemuAgrees(repository, history.contents, join(storage.path, 'scratch'));
      }
      console.log(`${name}: ${compared} points compared by qemu-img (seed ${seed})`);
      await expectPrivate(path);
    });
  });
}

/** Nobody but the owner can read anything. */
async function expectPrivate(folder: string): Promise<void> {
  assert.equal((await stat(folder)).mode & 0o777, 0o700, folder);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    assert.equal((await stat(path)).mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, path);
  }
}
