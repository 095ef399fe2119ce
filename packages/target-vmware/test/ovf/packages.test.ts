import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskId, type MachineSpec } from '@sendense/core';
import { createOvaTarget } from '@sendense/target-vmware';
import { seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { PIECE, planOf, requestOf, runOf, send } from '../restore-work.ts';
import { LAYOUTS, membersOf, PackageBench } from './package-bench.ts';

const MIB = 2 ** 20;
const DISKS = [seededBytes(1, MIB), seededBytes(2, MIB)];

const asked = (disks: readonly Uint8Array[], given: Partial<MachineSpec> = {}) => ({
  ...requestOf(disks, given),
  into: 'disks-only' as const,
});

describe('an archive', () => {
  it('has the descriptor first, the manifest second, and the disks in the order of their references', async () => {
    await using bench = await PackageBench.open('archive');
    const target = bench.target();
    await using writer = await target.begin(await planOf(target, asked(DISKS)), runOf());
    // the second disk comes first
    for (const number of [1, 0]) {
      const disk = writer.disks.get(diskId(`disk-${number}`));
      for (let at = 0; at < MIB; at += PIECE)
        await disk?.write(at, DISKS[number]?.subarray(at, at + PIECE) ?? new Uint8Array());
      await disk?.flush();
    }
    await writer.commit();
    const members = membersOf(await readFile(bench.path));
    expect(members.map(({ name }) => name)).toEqual([
      'web.ovf',
      'web.mf',
      'web-disk2.vmdk',
      'web-disk1.vmdk',
    ]);
    const text = members[0]?.bytes.toString() ?? '';
    expect([...text.matchAll(/<File ovf:href="([^"]+)"/g)].map(([, name]) => name)).toEqual([
      'web-disk2.vmdk',
      'web-disk1.vmdk',
    ]);
    expect([...text.matchAll(/ovf:size="(\d+)"/g)].map(([, size]) => Number(size))).toEqual(
      members.slice(2).map(({ bytes }) => bytes.byteLength),
    );
  });

  it('holds nothing of a disk that was cut off and is smaller now', async () => {
    await using bench = await PackageBench.open('archive');
    const target = bench.target();
    const plan = await planOf(target, asked(DISKS.slice(0, 1)));
    const run = runOf();
    {
      await using writer = await target.begin(plan, run);
      const disk = writer.disks.get(diskId('disk-0'));
      for (let at = 0; at < MIB - PIECE; at += PIECE)
        await disk?.write(at, DISKS[0]?.subarray(at, at + PIECE) ?? new Uint8Array());
    }
    await using later = await bench.target().begin(plan, runOf(run));
    await send(later, [new Uint8Array(MIB)]);
    await later.commit();
    const archive = await readFile(bench.path);
    const end = membersOf(archive).at(-1);
    const used = (end?.offset ?? 0) + (end?.bytes.byteLength ?? 0);
    expect(archive.subarray(used).every((byte) => byte === 0)).toBe(true);
    expect(archive.byteLength - used).toBeLessThanOrEqual(10_240 + 1024);
  });

  it('takes one disk at a time', async () => {
    await using bench = await PackageBench.open('archive');
    const target = bench.target();
    await using writer = await target.begin(await planOf(target, asked(DISKS)), runOf());
    await writer.disks.get(diskId('disk-0'))?.write(0, new Uint8Array(PIECE).fill(1));
    const second = writer.disks.get(diskId('disk-1'));
    await expect(second?.write(0, new Uint8Array(PIECE).fill(1))).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe.each(LAYOUTS)('a package (%s)', (layout) => {
  it('is not finished without all of its disks', async () => {
    await using bench = await PackageBench.open(layout);
    const target = bench.target();
    await using writer = await target.begin(await planOf(target, asked(DISKS)), runOf());
    await writer.disks.get(diskId('disk-0'))?.write(0, new Uint8Array(PIECE).fill(1));
    await writer.disks.get(diskId('disk-0'))?.flush();
    await expect(writer.commit()).rejects.toMatchObject({ code: 'CONFLICT' });
    await writer.rollback();
    expect(await bench.objects()).toEqual([]);
  });

  it('keeps the disks that were whole when it is resumed', async () => {
    await using bench = await PackageBench.open(layout);
    const target = bench.target();
    const plan = await planOf(target, asked(DISKS));
    const run = runOf();
    {
      await using writer = await target.begin(plan, run);
      await send(writer, DISKS.slice(0, 1));
      await writer.disks.get(diskId('disk-1'))?.write(0, new Uint8Array(PIECE).fill(1));
    }
    await using later = await bench.target().begin(plan, runOf(run));
    expect(await send(later, DISKS)).toBe(MIB);
    const result = await later.commit();
    for (const [number, bytes] of DISKS.entries()) {
      await using reader = await bench.restored(result, number);
      const found = new Uint8Array(reader.sizeBytes);
      await reader.read(0, found);
      expect(Buffer.compare(found, bytes)).toBe(0);
    }
  });

  it('is not gone on with when a disk that was whole is gone', async () => {
    await using bench = await PackageBench.open(layout);
    const target = bench.target();
    const plan = await planOf(target, asked(DISKS));
    const run = runOf();
    {
      await using writer = await target.begin(plan, run);
      await send(writer, DISKS.slice(0, 1));
    }
    const [partial = ''] = await bench.objects();
    const path = join(bench.folder, partial, layout === 'folder' ? 'web-disk1.vmdk' : '');
    await truncate(path, 4096);
    await expect(bench.target().begin(plan, runOf(run))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is refused inside a repository, beside an unfinished one, and in a folder that is not there', async () => {
    await using bench = await PackageBench.open(layout);
    const target = bench.target();
    const request = asked(DISKS);
    await using first = await target.begin(await planOf(target, request), runOf());
    expect(first.disks.size).toBe(DISKS.length);
    const second = bench.target().begin(await planOf(target, request), runOf());
    await expect(second).rejects.toMatchObject({ code: 'LOCKED' });
    await writeFile(join(bench.folder, 'sendense-repository.json'), '{}');
    await expect(target.check(request)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const missing = createOvaTarget({ path: join(bench.folder, 'none', 'web.ova') });
    await expect(missing.check(request)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('cannot be started, and makes no machine', async () => {
    await using bench = await PackageBench.open(layout);
    const report = await bench.target().check({ ...asked(DISKS), into: 'new-machine', start: true });
    expect(report.plan).toBeNull();
    expect(report.findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['into-unsupported', 'start-unsupported']),
    );
  });

  it('says what it cannot tell of the machine', async () => {
    await using bench = await PackageBench.open(layout);
    const { findings, properties } = await bench.target().check(
      asked(DISKS, {
        firmware: 'uefi',
        tpm: true,
        tags: { owner: 'web' },
        nics: [{ model: 'virtio', macAddress: '52:54:00:00:00:01', network: 'Production' }],
      }),
    );
    expect(findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['tpm-lost', 'nvram-lost', 'nic-model-changed']),
    );
    const lost = properties.filter(({ outcome }) => outcome === 'lost').map(({ property }) => property);
    expect(lost).toEqual(expect.arrayContaining(['tpm', 'tags']));
    const network = properties.find(({ property }) => property === 'nics[0].network');
    expect(network).toMatchObject({ outcome: 'kept', to: 'Production' });
  });
});

describe('a folder', () => {
  it('that holds other files is not replaced', async () => {
    await using bench = await PackageBench.open('folder');
    await mkdir(bench.path);
    await writeFile(join(bench.path, 'letter.txt'), 'keep me');
    const check = bench.target().check({ ...asked(DISKS), overwrite: true });
    await expect(check).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});

describe('the name of a package', () => {
  it('says whether it is a file or a folder', () => {
    expect(createOvaTarget({ path: 'web.ova' }).capabilities.parallelDisks).toBe(1);
    expect(createOvaTarget({ path: 'web/' }).capabilities.parallelDisks).toBeGreaterThan(1);
    for (const path of ['web', 'web.ovf', '/'])
      expect(() => createOvaTarget({ path })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
