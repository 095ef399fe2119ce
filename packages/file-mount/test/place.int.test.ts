import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listMounts, reconcileMounts } from '../src/index.ts';
import { needProgram } from '../src/programs/find-program.ts';
import { makeExt4 } from './support/ext4.ts';
import { run } from './support/program.ts';
import { restsOf } from './support/rests.ts';
import { Scene } from './support/scene.ts';
import { standIn } from './support/stand-in.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
let disk = '';
beforeEach(async () => {
  scene = await Scene.open();
  await makeTree(scene.at('tree'), 'place', true);
  disk = scene.at('disk.raw');
  makeExt4(disk, '32M', scene.at('tree'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await scene[Symbol.asyncDispose]();
});

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

/** Of two that mount at one path at once, one is there alone, and the other one is refused. */
async function expectOne(path: string): Promise<void> {
  const keepers = await Promise.all([scene.mount({ path }, disk), scene.mount({ path }, disk)]);
  const [shown, ...others] = keepers.filter(({ told }) => told.error === undefined);
  expect(others).toEqual([]);
  const refused = keepers.find((keeper) => keeper !== shown);
  expect(refused?.told.error?.code).toBe('ALREADY_EXISTS');
  expect(await readdir(path)).toContain('noise');
  await shown?.[Symbol.asyncDispose]();
  expect(scene.rests()).toEqual([]);
}

describeWithPeers(peers, 'the folder of a mount', () => {
  it('is that of one of two mounts that begin at once, where it is to be made', async () => {
    await expectOne(scene.at('shown'));
  });

  it('is that of one of two mounts that begin at once, where it is there and empty', async () => {
    await mkdir(scene.at('shown'));
    await expectOne(scene.at('shown'));
    expect(await readdir(scene.at('shown'))).toEqual([]);
  });

  it('is given up where somebody else mounted something over it meanwhile, and what is below goes once that is gone', async () => {
    const path = scene.at('shown');
    const mount = await needProgram('mount', 'mount');
    await standIn(scene.at('programs'), 'mount', [`${mount} "$@" && ${mount} -t tmpfs foreign ${path}`]);
    const { told } = await scene.mount({ path }, disk);
    expect(told.error?.code).toBe('ALREADY_EXISTS');
    const [left] = await listMounts(scene.directory);
    expect(left).toMatchObject({ path, isKept: false });
    run('umount', [path]);
    expect((await reconcileMounts(scene.directory)).removed).toEqual([left?.id]);
    expect(restsOf(scene.directory, path)).toEqual([]);
  });

  it('is left to somebody else who mounted something there before it', async () => {
    const path = scene.at('shown');
    const mount = await needProgram('mount', 'mount');
    await standIn(scene.at('programs'), 'mount', [`${mount} -t tmpfs foreign ${path}; exec ${mount} "$@"`]);
    const { told } = await scene.mount({ path }, disk);
    expect(told.error?.code).toBe('ALREADY_EXISTS');
    expect(restsOf(path)).toMatchObject([expect.stringContaining('tmpfs foreign')]);
    run('umount', [path]);
    expect(await listMounts(scene.directory)).toEqual([]);
  });

  it('is not to be inside of another mount', async () => {
    const { told } = await scene.mount({}, disk);
    const inside = await scene.mount({ path: join(told.path, 'docs', 'empty folder') }, disk);
    expect(inside.told.error).toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(inside.told.error?.message).toContain(told.id);
  });
});
