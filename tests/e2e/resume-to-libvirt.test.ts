import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson, runCtl, startCtl } from '../../packages/cli/test/run-ctl.ts';
import { bootDisk, markerOf } from '../../packages/target-qemu/test/boot-disk.ts';
import { imagesOf, readConsole } from '../../packages/target-qemu/test/live-host.ts';
import { preload } from './preload/index.ts';
import { compareImages } from './qemu.ts';

const NUMBERS = [0, 1] as const;

let libvirt: LibvirtDaemon;
let home: string;
let folder: string;
let point: string[];

/** The target `libvirt:NAME` of the daemon. */
function targetOf(name: string): string {
  const settings = new URLSearchParams({ uri: libvirt.uri, folder, type: 'qemu', network: 'none' });
  return `libvirt:${name}?${settings.toString()}`;
}

/** Runs a command that is killed at a moment of `SENDENSE_KILL_…`. */
async function killed(env: Record<string, string>, ...args: readonly string[]): Promise<void> {
  const running = startCtl(home, [...args, '--json'], { ...preload('kill-at'), ...env });
  const { stdout, stderr } = await running.end;
  expect(running.child.signalCode, `${stdout}${stderr}`).toBe('SIGKILL');
}

/** The restore that was interrupted last. */
async function interrupted(): Promise<string> {
  const { jobs } = (await ctlJson(home, ['jobs', 'list'])) as { jobs: { id: string; kind: string }[] };
  const job = jobs.findLast(({ kind }) => kind === 'restore')?.id ?? '';
  expect(await ctlJson(home, ['restore', 'show', '--job', job])).toMatchObject({ state: 'interrupted' });
  return job;
}

async function expectDisksOfPoint(name: string): Promise<void> {
  for (const number of NUMBERS) {
    const restored = { path: path.join(folder, `${name}-disk-${number}.qcow2`), format: 'qcow2' } as const;
    const truth = { path: path.join(home, 'vm', `disk-${number}.raw`), format: 'raw' } as const;
    expect(await compareImages(truth, restored)).toBe('Images are identical.');
  }
}

async function expectBoots(name: string): Promise<void> {
  for (const number of NUMBERS) await libvirt.own(path.join(folder, `${name}-disk-${number}.qcow2`));
  await libvirt.virsh('start', name);
  const told = await readConsole(libvirt, name, NUMBERS.map(markerOf));
  await libvirt.virsh('destroy', name);
  for (const number of NUMBERS) expect(told).toContain(markerOf(number));
}

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img', 'qemu-io'], 'sendense-ctl', () => {
  beforeAll(async () => {
    libvirt = await startLibvirt();
    folder = await imagesOf(libvirt);
    home = await mkdtemp(path.join(tmpdir(), 'sendense-resume-'));
    await mkdir(path.join(home, 'vm'));
    for (const number of NUMBERS) {
      await writeFile(path.join(home, 'vm', `disk-${number}.raw`), bootDisk(number));
    }
    const repository = ['--repository', path.join(home, 'backups')];
    await ctlJson(home, ['repository', 'init', ...repository]);
    const made = await ctlJson(home, ['backup', 'start', '--source', `image:${home}/vm`, ...repository]);
    point = [...repository, '--backup-id', String(made.pointId)];
  }, 120_000);

  afterAll(async () => {
    await libvirt[Symbol.asyncDispose]();
    await rm(home, { recursive: true });
  });

  it('resumes a restore to libvirt that was killed while it named the disks, and again while it made the domain', async () => {
    const first = { SENDENSE_KILL_AFTER: '/shop-disk-0\\.qcow2$' };
    await killed(first, 'restore', 'start', ...point, '--target', targetOf('shop'));
    const job = await interrupted();
    expect(
      (await runCtl(home, ['restore', 'start', ...point, '--target', targetOf('shop'), '--json'])).code,
    ).toBe(1);
    await killed({ SENDENSE_KILL_AFTER: '/shop-disk-1\\.qcow2$' }, 'restore', 'resume', '--job', job);
    expect(await ctlJson(home, ['restore', 'resume', '--job', job])).toMatchObject({ state: 'completed' });
    await expectDisksOfPoint('shop');
    await expectBoots('shop');
  }, 120_000);

  it('puts the disks of a point in the place of those of a stopped domain, also when it was killed meanwhile', async () => {
    await ctlJson(home, ['restore', 'start', ...point, '--target', targetOf('db')]);
    const before = await libvirt.virsh('dumpxml', 'db');
    const images = NUMBERS.map((number) => path.join(folder, `db-disk-${number}.qcow2`));
    for (const image of images) await execa('qemu-io', ['-c', 'write -P 7 0 24M', image]);
    const into = ['restore', 'start', ...point, '--target', targetOf('db'), '--into', 'existing-disks'];
    const refused = await runCtl(home, [...into, '--json']);
    expect([refused.code, refused.lines.at(-1)]).toEqual([1, expect.stringContaining('ALREADY_EXISTS')]);
    await killed({ SENDENSE_KILL_AFTER: '/db-disk-0\\.qcow2$' }, ...into, '--overwrite');
    const job = await interrupted();
    expect(await ctlJson(home, ['restore', 'resume', '--job', job])).toMatchObject({ state: 'completed' });
    await expectDisksOfPoint('db');
    expect(await libvirt.virsh('dumpxml', 'db')).toBe(before);
    await expectBoots('db');
  }, 120_000);
});
