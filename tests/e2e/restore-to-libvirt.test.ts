import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson, runCtl } from '../../packages/cli/test/run-ctl.ts';
import { bootDisk, markerOf } from '../../packages/target-qemu/test/boot-disk.ts';
import { imagesOf, readConsole } from '../../packages/target-qemu/test/live-host.ts';

let libvirt: LibvirtDaemon;
let home: string;

describeWithPeers(['libvirt', 'qemu-system-x86_64'], 'sendense-ctl restores to libvirt', () => {
  beforeAll(async () => {
    libvirt = await startLibvirt();
    home = await mkdtemp(path.join(tmpdir(), 'sendense-libvirt-'));
  });
  afterAll(async () => {
    await libvirt[Symbol.asyncDispose]();
    await rm(home, { recursive: true });
  });

  it('a backup of two disks as a machine that boots from them', async () => {
    const folder = await imagesOf(libvirt);
    await mkdir(path.join(home, 'vm'));
    for (const number of [0, 1]) {
      await writeFile(path.join(home, 'vm', `disk-${number}.raw`), bootDisk(number));
    }
    const repository = ['--repository', path.join(home, 'backups')];
    await ctlJson(home, ['repository', 'init', ...repository]);
    const backup = await ctlJson(home, ['backup', 'start', '--source', `image:${home}/vm`, ...repository]);
    const settings = new URLSearchParams({ uri: libvirt.uri, folder, type: 'qemu', network: 'none' });
    const where = ['--backup-id', String(backup.pointId), '--target', `libvirt:web?${settings.toString()}`];
    const restored = await ctlJson(home, ['restore', 'start', ...repository, ...where]);
    expect(restored).toMatchObject({ verified: true, disks: [{ id: 'disk-0' }, { id: 'disk-1' }] });
    expect((await libvirt.virsh('domuuid', 'web')).trim()).toBe(restored.target);
    const again = await runCtl(home, ['restore', 'start', ...repository, ...where, '--json']);
    expect([again.code, again.lines.at(-1)]).toEqual([1, expect.stringContaining('ALREADY_EXISTS')]);
    for (const number of [0, 1]) await libvirt.own(path.join(folder, `web-disk-${number}.qcow2`));
    await libvirt.virsh('start', 'web');
    const told = await readConsole(libvirt, 'web', [markerOf(0), markerOf(1)]);
    expect(told).toContain(markerOf(0));
    expect(told).toContain(markerOf(1));
    const status = await ctlJson(home, ['restore', 'show', '--job', String(restored.jobId)]);
    expect(status).toMatchObject({ state: 'completed' });
  });
});
