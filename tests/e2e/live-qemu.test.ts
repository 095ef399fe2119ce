import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { LiveQemu } from '@sendense/tests/qemu';
import { expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl } from '../../packages/cli/test/run-ctl.ts';
import { compareImages, createImage, toRaw } from './qemu.ts';

const MIB = 2 ** 20;
const UUID = '6f1d1f3e-8a43-4b7c-9b0e-0a1b2c3d4e5f';
const PEERS = ['qemu-img', 'qemu-io', 'qemu-system-x86_64'];

/** A running machine with two disks, in a folder that is also the home of the command line. */
async function openMachine() {
  const home = await mkdtemp(path.join(tmpdir(), 'sendense-live-'));
  const disks = ['vda', 'vdb'].map((id) => ({ id, path: path.join(home, `${id}.qcow2`) }));
  for (const disk of disks) await createImage(disk.path, 16 * MIB);
  const start = () => LiveQemu.start({ folder: home, disks, uuid: UUID, name: 'web' });
  return { home, disks, start, [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) };
}

const backup = ['backup', 'start', '--source', 'qemu:qmp.sock', '--repository', 'backups'];

describeWithPeers(PEERS, 'a running QEMU, by the command line', () => {
  it('is backed up in full, then by its changes, and restored byte for byte', async () => {
    await using machine = await openMachine();
    const { home, disks } = machine;
    await ctlJson(home, ['repository', 'init', '--repository', 'backups']);
    await using qemu = await machine.start();
    await qemu.io('vda', 'write -P 1 0 2M');
    await qemu.io('vdb', 'write -P 2 1M 1M');
    expect(await ctlJson(home, [...backup, '--dry-run'])).toMatchObject({
      kind: 'full',
      reason: 'first-backup',
    });
    const full = await ctlJson(home, backup);
    expect(full).toMatchObject({ kind: 'full', reason: 'first-backup', bytesRead: 3 * MIB, machine: UUID });
    await qemu.io('vda', 'write -P 3 512k 64k');
    await qemu.io('vda', 'write -z 1M 128k');
    await qemu.io('vdb', 'write -P 4 8M 4k');
    const increment = await ctlJson(home, [...backup, '--type', 'incremental']);
    expect(increment).toMatchObject({
      kind: 'incremental',
      reason: null,
      bytesRead: 128 * 1024,
      changedBytes: 256 * 1024,
    });
    await qemu.quit();
    const target = path.join(home, 'restored/');
    const where = ['--repository', 'backups', '--backup-id', String(increment.pointId), '--format', 'raw'];
    await ctlJson(home, ['restore', 'start', ...where, '--target', `image:${target}`]);
    for (const [index, disk] of disks.entries()) {
      const truth = path.join(home, `truth-${index}.raw`);
      await toRaw(disk.path, truth);
      const restored = { path: path.join(target, `disk-${index}.raw`), format: 'raw' } as const;
      expect(await compareImages({ path: truth, format: 'raw' }, restored)).toBe('Images are identical.');
    }
  });

  it('goes on with increments after a clean restart, and reads all after a crash, and says why', async () => {
    await using machine = await openMachine();
    const { home } = machine;
    await ctlJson(home, ['repository', 'init', '--repository', 'backups']);
    const first = await machine.start();
    await first.io('vda', 'write -P 1 0 1M');
    await ctlJson(home, backup);
    await first.quit();
    const second = await machine.start();
    await second.io('vda', 'write -P 2 0 64k');
    expect(await ctlJson(home, backup)).toMatchObject({ kind: 'incremental', bytesRead: 65_536 });
    await second.kill();
    await using third = await machine.start();
    await third.io('vda', 'read 0 512');
    const after = await ctlJson(home, backup);
    // all is read, and compared with the last point by digest; why is told
    expect(after).toMatchObject({ bytesRead: MIB, changedBytes: 0 });
    const told = (after.findings as readonly { readonly code: string }[]).map(({ code }) => code);
    expect(told).toContain('tracking-lost');
  });

  it('goes to two repositories, whose increments do not disturb each other', async () => {
    await using machine = await openMachine();
    await using qemu = await machine.start();
    const read: unknown[] = [];
    for (const [round, repository] of ['near', 'far', 'near', 'far', 'near'].entries()) {
      if (round < 2) await ctlJson(machine.home, ['repository', 'init', '--repository', repository]);
      await qemu.io('vda', `write -P ${round + 1} ${round}M 64k`);
      const start = ['backup', 'start', '--source', 'qemu:qmp.sock', '--repository', repository];
      const { kind, bytesRead, findings } = await ctlJson(machine.home, start);
      read.push([kind, bytesRead, findings]);
    }
    const piece = 65_536;
    expect(read).toEqual([
      ['full', piece, []],
      ['full', 2 * piece, []],
      ['incremental', 2 * piece, []],
      ['incremental', 2 * piece, []],
      ['incremental', 2 * piece, []],
    ]);
  });

  it('that is not there is a clear failure', async () => {
    await using machine = await openMachine();
    const run = await runCtl(machine.home, [...backup, '--json']);
    expect(run.code).toBe(1);
    expect(jsonOf(run)).toMatchObject({ error: { code: 'NOT_FOUND', remedy: expect.any(String) } });
  });
});
