import { randomUUID } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listMounts, reconcileMounts, unmountPoint } from '../src/index.ts';
import { makeExt4 } from './support/ext4.ts';
import { Scene } from './support/scene.ts';
import { makeTree } from './support/tree.ts';

let scene: Scene;
let disk = '';
beforeEach(async () => {
  scene = await Scene.open();
  await makeTree(scene.at('tree'), 'records', true);
  disk = scene.at('disk.raw');
  makeExt4(disk, '32M', scene.at('tree'));
});
afterEach(() => scene[Symbol.asyncDispose]());

const BAD = 'ffffffffffff';

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

describeWithPeers(peers, 'a record of a mount', () => {
  it('that cannot be read is told, and keeps no other mount from being made or taken away', async () => {
    const { directory } = scene;
    await mkdir(join(directory, BAD), { recursive: true });
    await writeFile(join(directory, BAD, 'record.json'), '{');
    const unreadable = { severity: 'warning', code: 'mount-unreadable', object: BAD };
    const keeper = await scene.mount({}, disk);
    expect(keeper.told.findings).toMatchObject([unreadable]);
    await expect(listMounts(directory)).rejects.toMatchObject({ code: 'CORRUPT' });
    const told: Finding[] = [];
    const mounts = await listMounts(directory, (finding) => told.push(finding));
    expect(mounts.map(({ id }) => id)).toEqual([keeper.told.id]);
    expect(told).toMatchObject([unreadable]);
    const ended = unmountPoint({ directory, mount: BAD, force: false });
    await expect(ended).rejects.toMatchObject({ code: 'CORRUPT' });
    await keeper.kill();
    expect(await reconcileMounts(directory)).toMatchObject({
      removed: [keeper.told.id],
      findings: [unreadable, { code: 'mount-removed' }],
    });
    expect(scene.rests()).toEqual([]);
  });

  it('that a killed process had not written leaves nothing after a reconcile', async () => {
    const { directory } = scene;
    const token = `${randomUUID()}:${hostname()}:4194305:1`;
    await mkdir(join(directory, '0123456789ab'), { recursive: true });
    await writeFile(join(directory, '0123456789ab', `record.json.${randomUUID()}.tmp`), '{');
    await mkdir(join(directory, `.${token}`, token), { recursive: true });
    await mkdir(join(directory, 'lock', token), { recursive: true });
    expect(await reconcileMounts(directory)).toEqual({ removed: [], findings: [] });
    expect(await readdir(directory)).toEqual([]);
  });
});
