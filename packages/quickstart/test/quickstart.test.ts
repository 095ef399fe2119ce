import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDiskImage } from '@sendense/formats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSendense } from '../src/index.ts';

const MIB = 1024 * 1024;
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-quickstart-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function makeRaw(path: string): Promise<void> {
  await writeFile(path, randomBytes(2 * MIB));
  await truncate(path, 16 * MIB);
}

async function writeAt(path: string, offset: number, data: Uint8Array): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(data, 0, data.length, offset);
  await file.close();
}

async function digestOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

describe('ten lines', () => {
  it('back up a raw disk twice and restore both points', async () => {
    const disk = join(folder, 'disk.raw');
    const [repository, source] = [join(folder, 'backups'), `image:${disk}`];
    await makeRaw(disk);
    const before = await digestOf(disk);
    await using sendense = await openSendense({ stateDirectory: join(folder, 'state') });
    const full = await sendense.backup({ source, repository });
    expect(full).toMatchObject({ kind: 'full', reason: 'first-backup', disks: [{ id: 'disk-0' }] });
    expect(full.findings).toMatchObject([{ code: 'repository-created' }, { code: 'no-change-tracking' }]);
    await writeAt(disk, 5 * MIB, randomBytes(65536));
    const next = await sendense.backup({ source, repository, type: 'incremental' });
    expect(next).toMatchObject({ kind: 'incremental', reason: null, changedBytes: 65536 });
    const old = await sendense.restore({
      repository,
      point: full.pointId,
      target: `image:${folder}/old.raw`,
    });
    const now = await sendense.restore({
      repository,
      point: next.pointId,
      target: `image:${folder}/now.raw`,
    });
    expect([old.verified, now.verified]).toEqual([true, true]);
    expect(await digestOf(join(folder, 'old.raw'))).toBe(before);
    expect(await digestOf(join(folder, 'now.raw'))).toBe(await digestOf(disk));
    const points = await sendense.points({ repository, machine: full.machine });
    expect(points.map((point) => point.kind)).toEqual(['full', 'incremental']);
    expect((await sendense.verify({ repository })).intact).toBe(true);
    expect((await sendense.catalog.jobs.list()).length).toBe(4);
  });

  it('back up a QCOW2 disk by its bitmap, also after a new start', async () => {
    const disk = join(folder, 'disk.qcow2');
    const request = { source: `image:${disk}`, repository: join(folder, 'backups') };
    const stateDirectory = join(folder, 'state');
    const image = await createDiskImage(disk, { format: 'qcow2', sizeBytes: 16 * MIB });
    await image.write(0, randomBytes(65536));
    await image.flush();
    await image[Symbol.asyncDispose]();
    {
      await using sendense = await openSendense({ stateDirectory });
      expect((await sendense.backup(request)).kind).toBe('full');
    }
    await using sendense = await openSendense({ stateDirectory });
    const next = await sendense.backup(request);
    expect(next).toMatchObject({ kind: 'incremental', bytesRead: 0 });
    const target = `image:${folder}/restored/`;
    const restored = await sendense.restore({ repository: request.repository, point: next.pointId, target });
    expect(restored).toMatchObject({ verified: true, disks: [{ id: 'disk-0' }] });
    expect((await stat(join(folder, 'restored', 'disk-0.qcow2'))).isFile()).toBe(true);
  });

  it('refuse a name that holds a credential, an unknown kind, and a missing file', async () => {
    await using sendense = await openSendense({ stateDirectory: join(folder, 'state') });
    const repository = join(folder, 'backups');
    const backup = (source: string) => sendense.backup({ source, repository });
    await expect(backup('vmware://root:secret@host/vm')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(backup('nutanix://host/vm')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(backup('/disk.raw')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(backup(`image:${folder}/none.raw`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(stat(repository)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('do not overwrite a file, nor write into the repository', async () => {
    const disk = join(folder, 'disk.raw');
    const repository = join(folder, 'backups');
    await makeRaw(disk);
    await using sendense = await openSendense({ stateDirectory: join(folder, 'state') });
    const { pointId: point } = await sendense.backup({ source: `image:${disk}`, repository });
    const over = sendense.restore({ repository, point, target: `image:${disk}` });
    await expect(over).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    const inside = sendense.restore({ repository, point, target: `image:${repository}/x.raw` });
    await expect(inside).rejects.toThrow();
  });
});
