import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl, startCtl } from '../../packages/cli/test/run-ctl.ts';
import { Machine } from './machine.ts';
import { preload } from './preload/index.ts';
import { CLUSTER_BYTES } from './qemu.ts';

const MIB = 2 ** 20;

describeWithPeers(['qemu-img', 'qemu-io'], 'a disk that is restored to a package', () => {
  it('is in the archive and in the folder as it was, and is not overwritten without being asked', async () => {
    await using machine = await Machine.create(16 * MIB);
    await machine.ctl('backups', 'repository', 'init');
    await machine.write([{ offset: MIB, length: 3 * MIB, value: 1 }]);
    await machine.backup('backups');
    await machine.write([{ offset: 2 * MIB, length: CLUSTER_BYTES, value: 2 }]);
    const { pointId } = await machine.backup('backups', '--type', 'incremental');
    const truth = machine.truthOf(String(pointId));
    const start = ['restore', 'start', '--backup-id', String(pointId), '--target'];

    const unpacked = path.join(machine.home, 'unpacked');
    const archive = await machine.ctl('backups', ...start, 'ova:web.ova');
    expect(archive).toMatchObject({ pointId, verified: true, target: path.join(machine.home, 'web.ova') });
    await mkdir(unpacked);
    await execa('tar', ['--extract', '--file', path.join(machine.home, 'web.ova'), '--directory', unpacked]);
    const folder = await machine.ctl('backups', ...start, 'ova:web/');
    expect(folder).toMatchObject({ pointId, verified: true });
    for (const place of [unpacked, path.join(machine.home, 'web')]) {
      const file = path.join(place, 'web-disk1.vmdk');
      await execa('qemu-img', ['compare', '-f', 'raw', '-F', 'vmdk', truth, file]);
      await access(path.join(place, 'web.ovf'));
      await access(path.join(place, 'web.mf'));
    }

    const repository = ['--repository', 'backups', '--json'];
    const again = await runCtl(machine.home, [...start, 'ova:web.ova', ...repository]);
    expect(again.code).toBe(1);
    expect(jsonOf(again)).toMatchObject({ error: { code: 'ALREADY_EXISTS' } });
    await machine.ctl('backups', ...start, 'ova:web.ova', '--overwrite');
    await machine.ctl('backups', ...start, 'ova:web/', '--overwrite');
  });

  it('is refused where the name says neither file nor folder, with a format, and among other files', async () => {
    await using machine = await Machine.create(MIB);
    await machine.ctl('backups', 'repository', 'init');
    const { pointId } = await machine.backup('backups');
    await mkdir(path.join(machine.home, 'letters'));
    await writeFile(path.join(machine.home, 'letters', 'letter.txt'), 'keep me');
    const codeOf = async (...target: string[]) => {
      const start = ['restore', 'start', '--repository', 'backups', '--backup-id', String(pointId), '--json'];
      const run = await runCtl(machine.home, [...start, '--target', ...target]);
      return (jsonOf(run).error as { readonly code: string }).code;
    };
    expect(await codeOf('ova:web.ovf')).toBe('CONFIG_INVALID');
    expect(await codeOf('ova:web.ova', '--format', 'qcow2')).toBe('CONFIG_INVALID');
    expect(await codeOf('ova:letters/', '--overwrite')).toBe('ALREADY_EXISTS');
  });

  it('is finished by the next process when the first was killed as it named the package', async () => {
    await using machine = await Machine.create(4 * MIB);
    await machine.ctl('backups', 'repository', 'init');
    await machine.write([{ offset: MIB, length: MIB, value: 1 }]);
    const { pointId } = await machine.backup('backups');
    const start = ['restore', 'start', '--repository', 'backups', '--backup-id', String(pointId), '--json'];
    for (const [target, name] of [
      ['ova:web.ova', '/web\\.ova$'],
      ['ova:web/', '/web$'],
    ] as const) {
      const env = { ...preload('kill-at'), SENDENSE_KILL_AFTER: name };
      const { child, end } = startCtl(machine.home, [...start, '--target', target], env);
      await end;
      expect(child.signalCode).toBe('SIGKILL');
      const { jobs } = (await ctlJson(machine.home, ['jobs', 'list'])) as {
        jobs: { id: string; kind: string }[];
      };
      const job = jobs.findLast(({ kind }) => kind === 'restore')?.id ?? '';
      const resumed = await ctlJson(machine.home, ['restore', 'resume', '--job', job]);
      expect(resumed).toMatchObject({ state: 'completed' });
    }
    const file = path.join(machine.home, 'web', 'web-disk1.vmdk');
    await execa('qemu-img', ['compare', '-f', 'raw', '-F', 'vmdk', machine.truthOf(String(pointId)), file]);
    const { stdout } = await execa('tar', ['--list', '--file', path.join(machine.home, 'web.ova')]);
    expect(stdout.split('\n')).toEqual(['web.ovf', 'web.mf', 'web-disk1.vmdk']);
  });
});
