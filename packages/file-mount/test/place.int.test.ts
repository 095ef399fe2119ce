import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeExt4 } from './support/ext4.ts';
import { Scene } from './support/scene.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
let disk = '';
beforeEach(async () => {
  scene = await Scene.open();
  await makeTree(scene.at('tree'), 'place', true);
  disk = scene.at('disk.raw');
  makeExt4(disk, '32M', scene.at('tree'));
});
afterEach(() => scene[Symbol.asyncDispose]());

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

/** Of two that mount at one path at once, one is there alone, and the other one is refused. */
async function expectOne(path: string, scenes: readonly [Scene, Scene]): Promise<void> {
  const keepers = await Promise.all(scenes.map((each) => each.mount({ path }, disk)));
  const [shown, ...others] = keepers.filter(({ told }) => told.error === undefined);
  expect(others).toEqual([]);
  const refused = keepers.find((keeper) => keeper !== shown);
  expect(refused?.told.error?.code).toBe('ALREADY_EXISTS');
  expect(await readdir(path)).toContain('noise');
  await shown?.[Symbol.asyncDispose]();
  for (const each of scenes) expect(each.rests()).toEqual([]);
}

describeWithPeers(peers, 'the folder of a mount', () => {
  it('is that of one of two mounts that begin at once, where it is to be made', async () => {
    await expectOne(scene.at('shown'), [scene, scene]);
  });

  it('is that of one of two mounts that begin at once, where it is there and empty', async () => {
    await mkdir(scene.at('shown'));
    await expectOne(scene.at('shown'), [scene, scene]);
    expect(await readdir(scene.at('shown'))).toEqual([]);
  });

  it('is that of one of two mounts of different installations that make it at once', async () => {
    await using other = await Scene.open();
    await expectOne(scene.at('shown'), [scene, other]);
  });

  it('is not to be inside of another mount', async () => {
    const { told } = await scene.mount({}, disk);
    const inside = await scene.mount({ path: join(told.path, 'docs', 'empty folder') }, disk);
    expect(inside.told.error).toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(inside.told.error?.message).toContain(told.id);
  });
});
