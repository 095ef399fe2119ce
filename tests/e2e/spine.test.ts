import { cp, mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { jsonOf, runCtl } from '../../packages/cli/test/run-ctl.ts';
import { Machine } from './machine.ts';
import { CLUSTER_BYTES, compareImages, type GuestWrite } from './qemu.ts';

const MIB = 2 ** 20;

const change = (cluster: number, value: number): GuestWrite => ({
  offset: cluster * CLUSTER_BYTES,
  length: CLUSTER_BYTES,
  value,
});

describeWithPeers(['qemu-img', 'qemu-io'], 'the way from a disk to a restored disk', () => {
  it('restores a full, an incremental and a differential point to raw and to QCOW2', async () => {
    await using machine = await Machine.create(16 * MIB);
    await machine.ctl('backups', 'repository', 'init');
    await machine.write([{ offset: 0, length: 2 * MIB, value: 1 }]);
    const full = await machine.backup('backups');
    await machine.write([change(100, 2), change(0, 0)]);
    const incremental = await machine.backup('backups', '--type', 'incremental');
    await machine.write([change(200, 3)]);
    const differential = await machine.backup('backups', '--type', 'differential');
    expect(full).toMatchObject({ kind: 'full', reason: 'first-backup', bytesRead: 2 * MIB });
    expect(incremental).toMatchObject({ kind: 'incremental', reason: null, changedBytes: 2 * CLUSTER_BYTES });
    expect(differential).toMatchObject({ kind: 'differential', changedBytes: 3 * CLUSTER_BYTES });
    expect(await machine.differences('backups')).toEqual([]);
    for (const { pointId } of [full, incremental, differential]) {
      for (const format of ['raw', 'qcow2'] as const) {
        const file = path.join(machine.home, `restored-${String(pointId)}.${format}`);
        const where = ['--backup-id', String(pointId), '--target', `image:${file}`, '--format', format];
        const restored = await machine.ctl('backups', 'restore', 'start', ...where);
        expect(restored).toMatchObject({ pointId, verified: true });
        const truth = { path: machine.truthOf(String(pointId)), format: 'raw' } as const;
        expect(await compareImages(truth, { path: file, format })).toBe('Images are identical.');
      }
    }
    expect(await machine.ctl('backups', 'verify')).toMatchObject({ findings: [] });
  });

  it('builds no delta on a repository that was put back to an earlier day', async () => {
    await using machine = await Machine.create(8 * MIB);
    const folder = (name: string) => path.join(machine.home, name);
    await machine.ctl('backups', 'repository', 'init');
    await machine.write([change(0, 1)]);
    await machine.backup('backups');
    await cp(folder('backups'), folder('yesterday'), { recursive: true });
    await machine.write([change(10, 2)]);
    await machine.backup('backups', '--type', 'incremental');
    await rename(folder('backups'), folder('lost'));
    await rename(folder('yesterday'), folder('backups'));
    await machine.write([change(20, 3)]);
    const next = await machine.backup('backups');
    // Only what changed since the point that is there will do: the lost point's change, too.
    expect(next.kind === 'full' || Number(next.changedBytes) >= 2 * CLUSTER_BYTES).toBe(true);
    expect(await machine.differences('backups')).toEqual([]);
  });

  it('refuses a forced increment when the point it would build on is gone', async () => {
    await using machine = await Machine.create(8 * MIB);
    await machine.ctl('backups', 'repository', 'init');
    await machine.write([change(0, 1)]);
    const { pointId } = await machine.backup('backups');
    await machine.ctl('backups', 'backup', 'delete', '--backup-id', String(pointId));
    await machine.write([change(10, 2)]);
    const start = ['backup', 'start', '--source', 'image:disk.qcow2', '--repository', 'backups', '--json'];
    const forced = await runCtl(machine.home, [...start, '--type', 'incremental']);
    expect(forced.code).toBe(1);
    expect(jsonOf(forced)).toMatchObject({ error: { code: expect.any(String), remedy: expect.any(String) } });
    expect(await machine.points('backups')).toEqual([]);
    expect(await machine.backup('backups')).toMatchObject({ kind: 'full' });
    expect(await machine.differences('backups')).toEqual([]);
  });

  it('does not take the repository of another disk with the same name for its own', async () => {
    await using machine = await Machine.create(8 * MIB);
    await machine.ctl('backups', 'repository', 'init');
    await machine.write([change(0, 1)]);
    await machine.backup('backups');
    await mkdir(path.join(machine.home, 'old'));
    await rename(machine.disk, path.join(machine.home, 'old', 'disk.qcow2'));
    await using other = await Machine.create(8 * MIB);
    await other.write([change(1, 2)]);
    await cp(other.disk, machine.disk);
    await machine.write([change(2, 3)]);
    const next = await machine.backup('backups');
    expect(next.changedBytes).toBeGreaterThanOrEqual(2 * CLUSTER_BYTES);
    expect(await machine.differences('backups')).toEqual([]);
  });
});
