import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startDomain, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl } from '../../packages/cli/test/run-ctl.ts';
import { compareImages, toRaw } from './qemu.ts';

const MIB = 2 ** 20;
const UUID = '6f1d1f3e-8a43-4b7c-9b0e-0a1b2c3d4e5f';
const PEERS = ['libvirt', 'qemu-img', 'qemu-system-x86_64'];
const FLAGS = ['--conditions=@sendense/source', '--disable-warning=ExperimentalWarning'];
const EXAMPLE = path.resolve(import.meta.dirname, '../../examples/hourly-libvirt-backup.ts');
const TARGETS = ['vda', 'vdb'] as const;

describeWithPeers(PEERS, 'a domain of libvirt, by the command line', () => {
  it('is backed up in full, then by its changes, also created anew, stopped and started, and by the hour, and restored byte for byte', async () => {
    await using libvirt = await startLibvirt();
    const home = await mkdtemp(path.join(tmpdir(), 'sendense-libvirt-'));
    try {
      const disks = TARGETS.map((target) => ({ target, sizeBytes: 16 * MIB }));
      const domain = await startDomain(libvirt, { name: 'web 1', uuid: UUID, disks });
      const source = `libvirt:web 1?uri=${encodeURIComponent(libvirt.uri)}`;
      const backup = ['backup', 'start', '--source', source, '--repository', 'backups'];
      await ctlJson(home, ['repository', 'init', '--repository', 'backups']);
      await domain.write('vda', { offset: 0, length: 2 * MIB, value: 1 });
      await domain.write('vdb', { offset: MIB, length: MIB, value: 2 });
      expect(await ctlJson(home, [...backup, '--dry-run'])).toMatchObject({
        kind: 'full',
        reason: 'first-backup',
      });
      const full = await ctlJson(home, backup);
      expect(full).toMatchObject({ kind: 'full', bytesRead: 3 * MIB, machine: UUID });
      await domain.destroy();
      await domain.start();
      await domain.write('vda', { offset: MIB / 2, length: 65_536, value: 3 });
      await domain.write('vdb', { offset: 8 * MIB, length: 4096, value: 4 });
      expect(await ctlJson(home, [...backup, '--type', 'incremental'])).toMatchObject({
        kind: 'incremental',
        reason: null,
        bytesRead: 128 * 1024,
      });
      await domain.write('vdb', { offset: 12 * MIB, length: 65_536, value: 5 });
      await domain.destroy();
      const run = await runCtl(home, [...backup, '--json']);
      expect(run.code).toBe(1);
      expect(jsonOf(run)).toMatchObject({ error: { code: 'NOT_FOUND', remedy: expect.any(String) } });
      await domain.define();
      const goesOn = { kind: 'incremental', reason: null };
      expect(await ctlJson(home, [...backup, '--dry-run'])).toMatchObject(goesOn);
      expect(await ctlJson(home, backup)).toMatchObject({ ...goesOn, bytesRead: 65_536 });
      await domain.start();
      await domain.write('vda', { offset: 4 * MIB, length: 65_536, value: 6 });
      const last = await ctlJson(home, backup);
      expect(last).toMatchObject({ ...goesOn, bytesRead: 65_536 });
      const hourly = await execa(process.execPath, [...FLAGS, EXAMPLE, source, 'hourly', '1', '2'], {
        cwd: home,
      });
      expect(hourly.stdout.split('\n')).toEqual([
        expect.stringMatching(/^full \S+ \(.*consistency-weakened.*\); 0 removed$/),
        expect.stringMatching(/^incremental \S+ \(.*consistency-weakened.*\); \d removed$/),
      ]);
      await domain.destroy();
      const target = path.join(home, 'restored/');
      const where = ['--repository', 'backups', '--backup-id', String(last.pointId), '--format', 'raw'];
      await ctlJson(home, ['restore', 'start', ...where, '--target', `image:${target}`]);
      for (const [index, disk] of TARGETS.entries()) {
        const truth = path.join(home, `truth-${index}.raw`);
        await toRaw(domain.path(disk), truth);
        const restored = { path: path.join(target, `disk-${index}.raw`), format: 'raw' } as const;
        expect(await compareImages({ path: truth, format: 'raw' }, restored)).toBe('Images are identical.');
      }
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
