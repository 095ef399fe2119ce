import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createFileDriver } from '@sendense/blockio-file';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listMounts, mountPoint, reconcileMounts, unmountPoint } from '../src/index.ts';
import { needProgram } from '../src/programs/find-program.ts';
import { runProgram } from '../src/programs/run-program.ts';
import { makeExt4 } from './support/ext4.ts';
import { run } from './support/program.ts';
import { pointOf } from './support/raw-point.ts';
import { restsOf } from './support/rests.ts';
import { Scene } from './support/scene.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
let disk = '';
beforeEach(async () => {
  scene = await Scene.open();
  await makeTree(scene.at('tree'), 'foreign', true);
  disk = scene.at('disk.raw');
  makeExt4(disk, '32M', scene.at('tree'));
});
afterEach(() => scene[Symbol.asyncDispose]());

/** Something of somebody else is mounted at `path` until it is disposed. */
function mountForeign(path: string) {
  run('mount', ['-t', 'tmpfs', 'foreign', path]);
  const end = () => {
    if (isMounted(path)) run('umount', [path]);
  };
  return { end, [Symbol.dispose]: end };
}

function isMounted(path: string): boolean {
  return restsOf(path).some((line) => line.includes(` ${path} `) && line.includes(' tmpfs foreign '));
}

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

describeWithPeers(peers, 'what somebody else mounted', () => {
  it('over the folder of a mount is never unmounted in its place, and the mount stays until that is gone', async () => {
    const { directory } = scene;
    const keeper = await scene.mount({ path: scene.at('shown') }, disk);
    const { id, path } = keeper.told;
    using foreign = mountForeign(path);
    for (const force of [false, true])
      await expect(unmountPoint({ directory, mount: id, force })).rejects.toMatchObject({
        code: 'LOCKED',
        context: { coveredAt: path },
      });
    expect(isMounted(path)).toBe(true);
    foreign.end();
    expect(await readdir(path)).toContain('noise');
    await unmountPoint({ directory, mount: id, force: false });
    expect(scene.rests()).toEqual([]);
  });

  it('over a folder above stays, and what is below it is known until it can be taken away', async () => {
    const { directory } = scene;
    await mkdir(scene.at('above'));
    const keeper = await scene.mount({ path: scene.at('above/shown') }, disk);
    {
      using _ = mountForeign(scene.at('above'));
      await mkdir(scene.at('above/shown'));
      using inner = mountForeign(scene.at('above/shown'));
      keeper.child.kill('SIGTERM');
      expect((await keeper.last()).error?.code).toBe('LOCKED');
      expect(isMounted(scene.at('above/shown'))).toBe(true);
      expect(await listMounts(directory)).toMatchObject([{ id: keeper.told.id, isKept: false }]);
      const stays = { severity: 'warning', code: 'mount-not-removed', object: keeper.told.id };
      expect(await reconcileMounts(directory)).toMatchObject({ removed: [], findings: [stays] });
      await using other = await scene.mount({}, disk);
      expect(other.told.findings).toMatchObject([stays]);
      inner.end();
    }
    expect((await reconcileMounts(directory)).removed).toEqual([keeper.told.id]);
    expect(scene.rests()).toEqual([]);
  });

  it('over the folder of a mount whose process lives on: once that is gone, whoever comes next takes the mount away', async () => {
    const { directory } = scene;
    const path = scene.at('shown');
    const reader = await createFileDriver().openReader({ kind: 'file', path: disk });
    const mounted = await mountPoint(pointOf([reader]), { directory, path, trustImage: true });
    await runProgram(await needProgram('mount', 'mount'), ['-t', 'tmpfs', 'foreign', path]);
    await expect(mounted.close()).rejects.toMatchObject({ code: 'LOCKED' });
    expect(await listMounts(directory)).toMatchObject([{ id: mounted.id, isKept: false }]);
    await runProgram(await needProgram('umount', 'mount'), [path]);
    expect((await reconcileMounts(directory)).removed).toEqual([mounted.id]);
    expect(restsOf(directory, path)).toEqual([]);
  });

  it('inside of a mount keeps it, unless by force: then it goes along, which is told', async () => {
    const { directory } = scene;
    const { told } = await scene.mount({}, disk);
    const inside = join(told.path, 'docs');
    using _ = mountForeign(inside);
    const asked = unmountPoint({ directory, mount: told.id, force: false });
    await expect(asked).rejects.toMatchObject({ code: 'LOCKED' });
    const { findings } = await unmountPoint({ directory, mount: told.id, force: true });
    expect(findings).toMatchObject([
      { code: 'mount-in-use', object: told.path },
      { code: 'mount-went-along', object: inside },
    ]);
    expect(scene.rests()).toEqual([]);
  });
});
