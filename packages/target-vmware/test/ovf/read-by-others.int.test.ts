import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MachineSpec } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { tarHeader } from '../../src/ovf/tar-header.ts';
import { planOf, requestOf, runOf, send } from '../restore-work.ts';
import { LAYOUTS, PackageBench } from './package-bench.ts';

const MIB = 2 ** 20;
const DISKS = [seededBytes(1, 3 * MIB), new Uint8Array(5 * MIB).fill(3, 2 * MIB, 3 * MIB + 5)];

/** A finished package of these disks. */
async function written(bench: PackageBench, given: Partial<MachineSpec> = {}): Promise<void> {
  const target = bench.target();
  const plan = await planOf(target, { ...requestOf(DISKS, given), into: 'disks-only' });
  await using writer = await target.begin(plan, runOf());
  await send(writer, DISKS);
  await writer.commit();
}

/** The folder of the package, unpacked by tar where it is an archive. */
async function unpackedByTar(bench: PackageBench): Promise<string> {
  if (bench.layout === 'folder') return bench.path;
  const folder = join(bench.folder, 'unpacked');
  await mkdir(folder);
  await execa('tar', ['--extract', '--file', bench.path, '--directory', folder]);
  return folder;
}

describeWithPeers(['qemu-img'], 'a package, read by others', () => {
  describe.each(LAYOUTS)('(%s)', (layout) => {
    it('has disks that qemu-img finds equal to those that were restored', async () => {
      await using bench = await PackageBench.open(layout);
      await written(bench);
      const folder = await unpackedByTar(bench);
      for (const [number, bytes] of DISKS.entries()) {
        const raw = join(bench.folder, `disk-${number}.raw`);
        await writeFile(raw, bytes);
        const vmdk = join(folder, `web-disk${number + 1}.vmdk`);
        const { stdout } = await execa('qemu-img', ['info', '--output=json', vmdk]);
        expect(JSON.parse(stdout)).toMatchObject({
          'virtual-size': bytes.byteLength,
          'format-specific': { data: { 'create-type': 'streamOptimized' } },
        });
        await execa('qemu-img', ['compare', '-f', 'vmdk', '-F', 'raw', vmdk, raw]);
      }
    });

    it('has the digests that sha256sum finds', async () => {
      await using bench = await PackageBench.open(layout);
      await written(bench);
      const folder = await unpackedByTar(bench);
      const manifest = await readFile(join(folder, 'web.mf'), 'utf8');
      const lines = manifest.replaceAll(/^SHA256\((.+)\)= ([0-9a-f]{64})$/gm, '$2  $1');
      const { stdout } = await execa('sha256sum', ['--check', '--strict'], { input: lines, cwd: folder });
      expect(stdout.split('\n').toSorted()).toEqual(
        ['web-disk1.vmdk: OK', 'web-disk2.vmdk: OK', 'web.ovf: OK'].toSorted(),
      );
      expect((await readdir(folder)).toSorted()).toEqual([
        'web-disk1.vmdk',
        'web-disk2.vmdk',
        'web.mf',
        'web.ovf',
      ]);
    });
  });
});

describe('an archive, listed by tar', () => {
  it('has its files in the order of the specification', async () => {
    await using bench = await PackageBench.open('archive');
    await written(bench);
    const { stdout, stderr } = await execa('tar', ['--list', '--file', bench.path]);
    expect(stdout.split('\n')).toEqual(['web.ovf', 'web.mf', 'web-disk1.vmdk', 'web-disk2.vmdk']);
    expect(stderr).toBe('');
  });

  it('tells the size of a file from 8 GiB on', async () => {
    await using bench = await PackageBench.open('archive');
    const sizeBytes = 9 * 2 ** 30;
    {
      await using file = await open(bench.path, 'w');
      await file.write(tarHeader('large.vmdk', sizeBytes, 0), 0, 512, 0);
      await file.write(tarHeader('last.vmdk', 0, 0), 0, 512, 512 + sizeBytes);
      await file.truncate(512 + sizeBytes + 10_240);
    }
    const { stdout } = await execa('tar', ['--list', '--verbose', '--numeric-owner', '--file', bench.path]);
    expect(
      stdout
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .map((line) => [line[2], line.at(-1)]),
    ).toEqual([
      [String(sizeBytes), 'large.vmdk'],
      ['0', 'last.vmdk'],
    ]);
  });
});
