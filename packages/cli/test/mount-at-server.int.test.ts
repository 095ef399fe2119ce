import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson } from './run-ctl.ts';
import { noise } from './sample-disk.ts';
import { makeServerScene, type ServerScene } from './server-scene.ts';

const CONTENT = noise(300_000, 'content');
const CONFIG = {
  sources: { web: { at: 'image:disk.raw', format: 'raw', machineName: 'web' } },
  repositories: { main: 'local:backups' },
  server: { mounts: { enabled: true } },
};

let scene: ServerScene;
let mount: readonly string[] = [];
let url = '';

/** What a run prints, as far as the tests look at it. */
type Printed = Readonly<Record<string, unknown>>;
type Mounted = Printed & { readonly mountId: string; readonly mountPath: string };

const embedded = (args: readonly string[], code = 0): Promise<Printed> => ctlJson(scene.home, args, code);
const served = (args: readonly string[], code = 0): Promise<Printed> =>
  ctlJson(scene.away, [...args, '--server', url], code);

/** A disk with an ext4 file system, and nothing else. */
async function makeDisk(home: string): Promise<void> {
  await mkdir(join(home, 'tree', 'docs'), { recursive: true });
  await writeFile(join(home, 'tree', 'docs', 'content'), CONTENT);
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const args = ['-q', '-F', '-t', 'ext4', '-d', join(home, 'tree'), join(home, 'disk.raw'), '32M'];
  execFileSync('mke2fs', args, { env, stdio: 'pipe' });
}

/** Mounts, reads a file of it, lists it and ends it: what each told, without what is another each time. */
async function told(run: typeof served): Promise<unknown> {
  const mounted = (await run([...mount, '--trust-image'])) as Mounted;
  const content = await readFile(join(mounted.mountPath, 'docs', 'content'));
  expect(content.equals(CONTENT)).toBe(true);
  const listed = await run(['backup', 'mounts']);
  const ended = await run(['backup', 'unmount', mounted.mountId]);
  expect(await run(['backup', 'mounts'])).toEqual({ mounts: [], findings: [] });
  const text = JSON.stringify({ mounted, listed, ended });
  return JSON.parse(text.replaceAll(mounted.mountPath, 'PATH').replaceAll(mounted.mountId, 'ID'));
}

describeWithPeers(
  ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'],
  'backup mount at a server',
  () => {
    beforeAll(async () => {
      scene = await makeServerScene(CONFIG);
      await makeDisk(scene.home);
      await ctlJson(scene.home, ['repository', 'init', '--repository', 'main']);
      const start = ['backup', 'start', '--source', 'web', '--repository', 'main'];
      const { pointId } = await ctlJson(scene.home, start);
      mount = ['backup', 'mount', '--repository', 'main', '--backup-id', String(pointId)];
      ({ url } = await scene.serve());
    });
    afterAll(async () => {
      const { mounts } = await served(['backup', 'mounts']);
      for (const { mountId } of mounts as Mounted[]) await served(['backup', 'unmount', mountId, '--force']);
      await scene[Symbol.asyncDispose]();
    });

    it('tells of the mount, of the list and of its end what this process tells', async () => {
      const here = await told(embedded);
      expect(here).toMatchObject({
        mounted: { access: 'mounted', volumes: [{ id: 'disk-0', fileSystem: 'ext4', driver: 'kernel' }] },
        listed: { mounts: [{ mountId: 'ID', mountPath: 'PATH', running: true }] },
        ended: { mountId: 'ID', mountPath: 'PATH', findings: [] },
      });
      expect(await told(served)).toEqual(here);
    });

    it('lists no backup that is only browsed, and ends none; a mount ends also by its folder', async () => {
      const browsed = await fetch(`${url}/api/v1/restore/mount`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ backup_id: mount.at(-1) }),
      });
      const { mount_id: id } = (await browsed.json()) as { mount_id: string };
      expect(await served(['backup', 'mounts'])).toEqual({ mounts: [], findings: [] });
      expect(await served(['backup', 'unmount', id], 1)).toMatchObject({
        error: { code: 'NOT_FOUND', remedy: expect.stringContaining('backup mounts') as string },
      });
      const { mountPath, mountId } = (await served([...mount, '--trust-image'])) as Mounted;
      const ended = await served(['backup', 'unmount', '--path', mountPath]);
      expect(ended).toEqual({ mountId, mountPath, findings: [] });
    });

    it('is refused where nobody says that the disks are trusted, and with flags that no server takes', async () => {
      expect(await served(mount, 2)).toMatchObject({
        error: { code: 'CONFIG_INVALID', remedy: expect.stringContaining('--trust-image') as string },
      });
      expect(await served([...mount, '--trust-image', '--path', 'shown'], 1)).toMatchObject({
        error: { code: 'UNSUPPORTED', message: 'no server takes --path of backup mount' },
      });
    });
  },
);
