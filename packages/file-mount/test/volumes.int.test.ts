import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browseDisks } from './support/browse.ts';
import { makeExt4 } from './support/ext4.ts';
import { factsBrowsed, factsOnDisk } from './support/facts.ts';
import { makeGroup } from './support/lvm.ts';
import { run } from './support/program.ts';
import { Scene } from './support/scene.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene[Symbol.asyncDispose]());

/** An ext4 file system with a tree that `name` decides. */
async function makeFileSystem(name: string, sizeBytes: number): Promise<string> {
  const tree = scene.at(`${name}.tree`);
  await makeTree(tree, name, true);
  return formatFrom(tree, name, sizeBytes);
}

function formatFrom(tree: string, name: string, sizeBytes: number): string {
  const image = scene.at(`${name}.ext4`);
  makeExt4(image, `${sizeBytes / 1024}k`, tree);
  return image;
}

/** Mounts disks, and compares each volume with what is browsed of it in process. */
async function expectSameVolumes(disks: readonly string[], ids: readonly string[]): Promise<void> {
  const path = scene.at(`shown-${randomUUID()}`);
  const keeper = await scene.mount({ path }, ...disks);
  const targets = ids.map((id) => (ids.length === 1 ? path : join(path, id)));
  expect(keeper.told.volumes.map(({ id, target }) => [id, target])).toEqual(
    ids.map((id, index) => [id, targets[index]]),
  );
  await using browsed = await browseDisks(...disks);
  for (const [index, target] of targets.entries())
    expect(await factsOnDisk(target)).toEqual(await factsBrowsed(browsed.session, `/${ids[index]}`));
  keeper.child.kill('SIGTERM');
  expect(await keeper.end()).toBe('closed');
  expect(scene.rests()).toEqual([]);
}

const needed = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

describeWithPeers([...needed, 'partition-tools'], 'a disk with two partitions', () => {
  it('shows each in a folder of its own', async () => {
    const disk = scene.blank('parts.raw', '60M');
    run('sfdisk', ['-q', disk], 'label: gpt\nstart=2048, size=40960\nstart=45056, size=40960\n');
    for (const [name, sector] of [
      ['first', 2048],
      ['second', 45_056],
    ] as const) {
      const image = await makeFileSystem(name, 20 * 2 ** 20);
      run('dd', [`if=${image}`, `of=${disk}`, `seek=${sector}`, 'bs=512', 'conv=notrunc', 'status=none']);
    }
    await expectSameVolumes([disk], ['disk-0-p1', 'disk-0-p2']);
  });
});

describeWithPeers([...needed, 'lvm'], 'volume groups that LVM made', () => {
  it('with a volume over two disks show it, without a device mapper', async () => {
    const disks = ['span-a.raw', 'span-b.raw'].map((name) => scene.blank(name, '32M'));
    const group = `sendense-${randomUUID().slice(0, 8)}`;
    await makeTree(scene.at('span.tree'), 'span', true);
    makeGroup(group, 'files', disks, (sizeBytes) => formatFrom(scene.at('span.tree'), 'span', sizeBytes));
    await expectSameVolumes(disks, [`${group.replaceAll('-', '--')}-files`]);
  });

  it('with the same name show the volumes of both, told apart', async () => {
    const disks = ['twin-a.raw', 'twin-b.raw'].map((name) => scene.blank(name, '32M'));
    const group = `twins${randomUUID().slice(0, 8)}`;
    for (const disk of disks) {
      const name = disk.endsWith('a.raw') ? 'twin-a' : 'twin-b';
      await makeTree(scene.at(`${name}.tree`), name, true);
      makeGroup(group, 'files', [disk], (sizeBytes) => formatFrom(scene.at(`${name}.tree`), name, sizeBytes));
    }
    await using browsed = await browseDisks(...disks);
    const ids = browsed.session.volumes.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(new RegExp(`^${group}-files-[A-Za-z0-9]{6}$`, 'u'));
    await expectSameVolumes(disks, ids);
  });
});
