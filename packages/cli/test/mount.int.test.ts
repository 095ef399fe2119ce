import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ctlJson, startCtl } from './run-ctl.ts';
import { noise } from './sample-disk.ts';

const CONTENT = noise(1_500_000, 'content');

let home = '';
let mount: readonly string[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-mount-'));
  await mkdir(join(home, 'tree', 'docs'), { recursive: true });
  await writeFile(join(home, 'tree', 'docs', 'content'), CONTENT, { mode: 0o640 });
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const args = ['-q', '-F', '-t', 'ext4', '-d', join(home, 'tree'), join(home, 'disk.raw'), '32M'];
  execFileSync('mke2fs', args, { env, stdio: 'pipe' });
  const repository = ['--repository', 'backups'];
  await ctlJson(home, ['repository', 'init', ...repository]);
  const made = await ctlJson(home, ['backup', 'start', '--source', 'image:disk.raw', ...repository]);
  mount = ['backup', 'mount', ...repository, '--backup-id', String(made.pointId)];
});
afterEach(async () => {
  const { mounts } = await ctlJson(home, ['backup', 'mounts']);
  for (const { mountId } of mounts as { mountId: string }[])
    await ctlJson(home, ['backup', 'unmount', mountId, '--force']);
  await rm(home, { recursive: true, force: true });
});

/** The lines of the mount table that name the home of the test. */
async function mounted(): Promise<readonly string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return table.split('\n').filter((line) => line.includes(home));
}

/** The process that keeps a mount. */
async function keeperOf(mountId: unknown): Promise<number> {
  const record = join(home, '.local/state/sendense/mounts', String(mountId), 'record.json');
  const { keeper } = JSON.parse(await readFile(record, 'utf8')) as { keeper: string };
  return Number(keeper.split(':')[1]);
}

const peers = ['ext4-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'];

describeWithPeers(peers, 'backup mount', () => {
  it('shows the files of a point in a folder until backup unmount, from runs that have ended', async () => {
    const shown = await ctlJson(home, [...mount, '--path', 'shown', '--trust-image', '--idle', '5']);
    const path = join(home, 'shown');
    expect(shown).toMatchObject({
      mountId: expect.stringMatching(/^[0-9a-f]{12}$/u) as string,
      mountPath: path,
      access: 'mounted',
      volumes: [{ id: 'disk-0', fileSystem: 'ext4', driver: 'kernel', path }],
      findings: [],
    });
    expect(await readFile(join(path, 'docs', 'content'))).toEqual(CONTENT);
    expect((await stat(join(path, 'docs', 'content'))).mode & 0o777).toBe(0o640);
    expect(await ctlJson(home, ['backup', 'mounts'])).toMatchObject({
      mounts: [{ mountId: shown.mountId, mountPath: path, running: true, volumes: [{ id: 'disk-0' }] }],
      findings: [],
    });
    expect(await ctlJson(home, ['reconcile'])).toMatchObject({ removed: [] });
    expect(await readdir(path)).toContain('docs');
    const ended = await ctlJson(home, ['backup', 'unmount', '--path', 'shown']);
    expect(ended).toMatchObject({ mountId: shown.mountId, mountPath: path, findings: [] });
    expect(await mounted()).toEqual([]);
    expect(await readdir(home)).not.toContain('shown');
  });

  it('whose process was killed is taken away by reconcile', async () => {
    const { mountId, mountPath } = await ctlJson(home, [...mount, '--trust-image']);
    expect(await readdir(String(mountPath))).toContain('docs');
    process.kill(await keeperOf(mountId), 'SIGKILL');
    expect(await mounted()).not.toEqual([]);
    expect(await ctlJson(home, ['reconcile'])).toMatchObject({
      removed: [`mount ${String(mountId)}`],
      findings: [{ code: 'mount-removed' }],
    });
    expect(await mounted()).toEqual([]);
  });

  it('in the foreground ends in good order when its terminal is gone', async () => {
    const running = startCtl(home, [...mount, '--trust-image', '--foreground', '--json']);
    await once(running.child.stdout ?? running.child, 'data');
    expect(await mounted()).not.toEqual([]);
    running.child.kill('SIGHUP');
    const { code, lines } = await running.end;
    expect({ code, last: JSON.parse(lines.at(-1) ?? '{}') as unknown }).toMatchObject({
      code: 0,
      last: { ended: 'closed' },
    });
    expect(await mounted()).toEqual([]);
  });

  it('keeps reconcile from nothing else where its records cannot be looked at, which is told', async () => {
    const state = join(home, '.local/state/sendense');
    await writeFile(join(state, 'mounts'), '');
    try {
      expect(await ctlJson(home, ['reconcile'])).toMatchObject({
        removed: [],
        findings: [{ severity: 'warning', code: 'mounts-not-reconciled' }],
      });
    } finally {
      await rm(join(state, 'mounts'));
    }
  });

  it('is refused where nobody says that the disks are trusted, with what to do instead', async () => {
    const { error } = await ctlJson(home, [...mount, '--path', 'shown'], 2);
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      remedy: expect.stringContaining('--trust-image') as string,
    });
    expect(await ctlJson(home, ['backup', 'unmount'], 2)).toMatchObject({
      error: { code: 'CONFIG_INVALID' },
    });
    expect(await ctlJson(home, ['backup', 'unmount', 'none'], 1)).toMatchObject({
      error: { code: 'NOT_FOUND' },
    });
  });
});
