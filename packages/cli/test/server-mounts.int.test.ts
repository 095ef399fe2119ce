import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { ctlJson } from './run-ctl.ts';
import { makeDisk } from './sample-disk.ts';
import { makeServerScene, type ServerScene } from './server-scene.ts';

let scene: ServerScene;
afterEach(() => scene[Symbol.asyncDispose]());

/** A server with this configuration, and a backup. */
async function serveBackup(server: object): Promise<{ readonly url: string; readonly backup: unknown }> {
  scene = await makeServerScene({ repositories: { main: 'local:backups' }, server });
  const { home } = scene;
  await makeDisk(join(home, 'disk.raw'), 1 << 20);
  await ctlJson(home, ['repository', 'init', '--repository', 'backups']);
  const { pointId } = await ctlJson(home, [
    'backup',
    'start',
    '--source',
    'image:disk.raw',
    '--repository',
    'main',
  ]);
  return { url: (await scene.serve()).url, backup: pointId };
}

async function mount(url: string, request: object): Promise<unknown> {
  const reply = await fetch(`${url}/api/v1/restore/mount`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  return [reply.status, await reply.json()];
}

/** What a server with this configuration says to somebody who asks for a folder and does not say that the disks are trusted. */
async function askForFolder(server: object): Promise<unknown> {
  const { url, backup } = await serveBackup(server);
  return mount(url, { backup_id: backup, mode: 'mount' });
}

it('mounts no backups as folders unless its configuration says so', async () => {
  expect(await askForFolder({})).toMatchObject([501, { error: { code: 'UNSUPPORTED' } }]);
});

it('mounts them where its configuration has "mounts", and the request says that the disks are trusted', async () => {
  expect(await askForFolder({ mounts: { enabled: true } })).toMatchObject([
    400,
    { error: { code: 'CONFIG_INVALID', remedy: expect.stringContaining('trust_image') } },
  ]);
});

it('closes a backup that nothing was asked of for the time that its configuration says', async () => {
  const { url, backup } = await serveBackup({ browse: { idleMs: 100 } });
  expect(await mount(url, { backup_id: backup })).toMatchObject([200, { mount_path: null }]);
  const mounts = async () => (await fetch(`${url}/api/v1/restore/mount`)).json();
  await expect.poll(mounts, { timeout: 30_000 }).toEqual({ mounts: [] });
});
