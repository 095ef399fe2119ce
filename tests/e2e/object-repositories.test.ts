import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AZURITE, TEST_KEYS } from '@sendense/tests/objects';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { ctlJson, startCtl } from '../../packages/cli/test/run-ctl.ts';
import { startBlobService } from '../../packages/repository-azure/test/fixtures.ts';
import { attackBucket } from '../../packages/repository-s3/test/attack-bucket.ts';
import { startGateway } from '../../packages/repository-s3/test/fixtures.ts';
import { Machine } from './machine.ts';
import { preload } from './preload/index.ts';
import { CLUSTER_BYTES, compareImages } from './qemu.ts';

const DISK_BYTES = 8 * 2 ** 20;
const PASSPHRASE = 'a passphrase that nobody may see';

/** What a user sets once: nothing of it is an argument. */
const ENV = {
  SENDENSE_PASSPHRASE: PASSPHRASE,
  AWS_ACCESS_KEY_ID: TEST_KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: TEST_KEYS.secretAccessKey,
  AZURE_STORAGE_KEY: AZURITE.accountKey,
};

/** Runs a verb with `--json` that is to succeed. */
function ctl(machine: Machine, ...args: string[]): Promise<Record<string, unknown>> {
  return ctlJson(machine.home, args, 0, ENV);
}

/** Runs a verb that kills itself just after a file got a name that matches. */
async function killed(machine: Machine, after: string, ...args: string[]): Promise<void> {
  const env = { ...ENV, ...preload('kill-at'), SENDENSE_KILL_AFTER: after };
  const running = startCtl(machine.home, [...args, '--json'], env);
  const { stdout, stderr } = await running.end;
  expect(running.child.signalCode, `${stdout}${stderr}`).toBe('SIGKILL');
  expect(stdout + stderr).not.toContain(PASSPHRASE);
}

async function backUp(
  machine: Machine,
  repository: string,
  ...flags: string[]
): Promise<Record<string, unknown>> {
  const start = ['backup', 'start', '--source', 'image:disk.qcow2', '--repository', repository];
  const made = await ctl(machine, ...start, ...flags);
  machine.holdsNow(String(made.pointId));
  return made;
}

/** Restores a point and compares it with what the disk held. */
async function restore(machine: Machine, repository: string, point: unknown): Promise<string> {
  const file = path.join(machine.home, `restored-${String(point)}.raw`);
  const args = ['--backup-id', String(point), '--target', `image:${file}`, '--format', 'raw'];
  const { verified } = await ctl(machine, 'restore', 'start', '--repository', repository, ...args);
  expect(verified).toBe(true);
  const truth = { path: machine.truthOf(String(point)), format: 'raw' } as const;
  return compareImages(truth, { path: file, format: 'raw' });
}

const cluster = (index: number, value: number) => ({
  offset: index * CLUSTER_BYTES,
  length: CLUSTER_BYTES,
  value,
});

describeWithPeers(['qemu-img', 'qemu-io'], 'a folder of objects on the command line', () => {
  it('is backed up to by increments, also after a kill, restored from and pruned', async () => {
    await using machine = await Machine.create(DISK_BYTES);
    const secret = path.join(machine.home, 'passphrase');
    await writeFile(secret, `${PASSPHRASE}\n`, { mode: 0o600 });
    const repository = 'dir:objects';
    const init = ['repository', 'init', '--repository', repository];
    await ctlJson(machine.home, [...init, '--passphrase-file', 'passphrase']);
    await machine.write([{ offset: 0, length: 2 ** 20, value: 1 }, cluster(90, 2)]);
    const full = await backUp(machine, repository);
    await machine.write([cluster(20, 3)]);
    // the chunks and their index are stored, the point is not
    const start = ['backup', 'start', '--source', 'image:disk.qcow2', '--repository', repository];
    await killed(machine, '/index/[0-9a-f]+$', ...start);
    await machine.write([cluster(21, 4)]);
    const next = await backUp(machine, repository);
    expect([full, next]).toMatchObject([{ kind: 'full' }, { kind: 'incremental', parentId: full.pointId }]);
    expect(next.changedBytes).toBe(2 * CLUSTER_BYTES);
    expect(await ctl(machine, 'backup', 'list', '--repository', repository)).toMatchObject({
      points: [{ id: full.pointId }, { id: next.pointId, disks: [{ id: 'disk-0', path: null }] }],
    });
    const { findings } = await ctl(machine, 'verify', '--repository', repository);
    expect(findings).not.toContainEqual(expect.objectContaining({ severity: 'error' }));
    const keep = ['prune', '--repository', repository, '--keep-last', '1'];
    expect(await ctl(machine, ...keep)).toMatchObject({ kept: [next.pointId], removed: [full.pointId] });
    expect(await restore(machine, repository, next.pointId)).toBe('Images are identical.');
  });
});

describeWithPeers(
  ['qemu-img', 'qemu-io', 'versitygw', 'azurite'],
  'S3 and Azure Blob Storage on the command line',
  () => {
    it('take increments, and hand them on to each other and to QCOW2 chains, also after a kill', async () => {
      await using machine = await Machine.create(DISK_BYTES);
      await using gateway = await startGateway();
      await using service = await startBlobService();
      const s3 = `s3://plain/office?endpoint=${gateway.endpoint}`;
      const azure = `azure://${AZURITE.account}/backups/office?endpoint=${service.endpoint}`;
      await ctl(machine, 'repository', 'init', '--repository', s3);
      await machine.write([{ offset: 0, length: 2 ** 20, value: 1 }, cluster(90, 2)]);
      const full = await backUp(machine, s3);
      await machine.write([cluster(20, 3)]);
      const next = await backUp(machine, s3);
      expect(next).toMatchObject({ kind: 'incremental', changedBytes: CLUSTER_BYTES });
      expect(await restore(machine, s3, next.pointId)).toBe('Images are identical.');

      await ctl(machine, 'repository', 'init', '--repository', azure);
      const away = ['copy', '--from', s3, '--to', azure];
      expect(await ctl(machine, ...away)).toMatchObject({ copied: 2, skipped: 0, verified: true });
      expect(await ctl(machine, ...away)).toMatchObject({ copied: 0, skipped: 2, bytesStored: 0 });

      await ctl(machine, 'repository', 'init', '--repository', 'home');
      const back = ['copy', '--from', azure, '--to', 'home'];
      await killed(machine, '/points/[^/]+\\.json$', ...back);
      expect(await machine.points('home')).toHaveLength(1);
      expect(await ctl(machine, ...back)).toMatchObject({ copied: 1, skipped: 1, verified: true });
      expect(await machine.points('home')).toMatchObject([
        { id: full.pointId, kind: 'full' },
        { id: next.pointId, kind: 'incremental', parentId: full.pointId },
      ]);
      expect(await machine.differences('home')).toEqual([]);

      const keep = ['prune', '--repository', azure, '--keep-last', '1'];
      expect(await ctl(machine, ...keep)).toMatchObject({ kept: [next.pointId], removed: [full.pointId] });
      // what its retention removed does not come back
      expect(await ctl(machine, ...away)).toMatchObject({ copied: 0, skipped: 2 });

      await machine.write([cluster(22, 5)]);
      const straight = await backUp(machine, azure);
      expect(await restore(machine, azure, straight.pointId)).toBe('Images are identical.');
      await machine.write([cluster(23, 6)]);
      const more = await backUp(machine, azure);
      expect(more).toMatchObject({ kind: 'incremental', parentId: straight.pointId });
      expect(await restore(machine, azure, more.pointId)).toBe('Images are identical.');
    });
  },
);

describeWithPeers(['qemu-img', 'qemu-io', 'versitygw'], 'points that nobody can delete', () => {
  it('restore after an attack with the key of the writer, once the index was made anew', async () => {
    await using machine = await Machine.create(DISK_BYTES);
    await using gateway = await startGateway();
    const plain = `s3://plain/office?endpoint=${gateway.endpoint}`;
    const init = ['repository', 'init', '--repository'];
    expect(await ctlJson(machine.home, [...init, plain, '--retain', '30d'], 1, ENV)).toMatchObject({
      error: { code: 'UNSUPPORTED', remedy: expect.stringContaining('objectLock') as string },
    });
    const locked = `s3://locked/office?endpoint=${gateway.endpoint}&objectLock=compliance`;
    await ctl(machine, 'repository', 'init', '--repository', locked);
    await machine.write([{ offset: 0, length: 2 ** 20, value: 1 }, cluster(90, 2)]);
    // its index object is not locked, and the next point needs its packs
    await backUp(machine, locked);
    await machine.write([cluster(20, 3)]);
    const point = await backUp(machine, locked, '--retain', '1d');

    expect(await attackBucket(gateway.client, 'locked')).toBeGreaterThan(5);
    const rescued = `${locked}&versions=first`;
    const target = ['--backup-id', String(point.pointId), '--target', 'image:early.raw'];
    const early = ['restore', 'start', '--repository', rescued, ...target, '--format', 'raw'];
    expect(await ctlJson(machine.home, early, 3, ENV)).toMatchObject({
      error: { remedy: expect.stringContaining('repository rebuild-index') as string },
    });
    expect(await ctl(machine, 'repository', 'rebuild-index', '--repository', rescued)).toMatchObject({
      findings: [],
    });
    expect(await restore(machine, rescued, point.pointId)).toBe('Images are identical.');
  });

  it('are also those that were not locked when they were made, once their locks were renewed', async () => {
    await using machine = await Machine.create(DISK_BYTES);
    await using gateway = await startGateway();
    const locked = `s3://locked/office?endpoint=${gateway.endpoint}&objectLock=compliance`;
    await ctl(machine, 'repository', 'init', '--repository', locked);
    await machine.write([{ offset: 0, length: 2 ** 20, value: 1 }, cluster(90, 2)]);
    const full = await backUp(machine, locked);
    await machine.write([cluster(20, 3)]);
    const next = await backUp(machine, locked);
    const renew = ['repository', 'renew-locks', '--repository', locked, '--retain', '1d'];
    expect(await ctl(machine, ...renew)).toMatchObject({ points: 2, findings: [] });

    expect(await attackBucket(gateway.client, 'locked')).toBeGreaterThan(5);
    const rescued = `${locked}&versions=first`;
    await ctl(machine, 'repository', 'rebuild-index', '--repository', rescued);
    for (const { pointId } of [full, next])
      expect(await restore(machine, rescued, pointId)).toBe('Images are identical.');
  });
});
