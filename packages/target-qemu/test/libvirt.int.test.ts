import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from '@sendense/core';
import { openDiskImage } from '@sendense/formats';
import { parseDomain } from '@sendense/platform-kvm/domain';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { bootDisk, DISK_BYTES, markerOf } from './boot-disk.ts';
import { bootRequest, imagesOf, Journal, liveTarget, planOf, readConsole, restoreBoot } from './live-host.ts';

const PEERS = ['libvirt', 'qemu-system-x86_64', 'qemu-io'];

let libvirt: LibvirtDaemon;
let folder: string;

async function startHost(): Promise<void> {
  libvirt = await startLibvirt();
  folder = await imagesOf(libvirt);
}

const domainNames = async (): Promise<readonly string[]> =>
  (await libvirt.virsh('list', '--all', '--name')).split('\n').filter((name) => name !== '');

const isOf =
  (name: string) =>
  (object: string): boolean =>
    object === name || object.startsWith(`${name}-`);

/** Removes all domains. */
async function clear(): Promise<void> {
  for (const uuid of (await libvirt.virsh('list', '--all', '--uuid'))
    .split('\n')
    .filter((line) => line.trim() !== '')) {
    await libvirt.virsh('destroy', uuid.trim()).catch(() => undefined); // it may be off
    await libvirt.virsh('undefine', '--keep-nvram', uuid.trim());
  }
}

async function bytesOf(path: string, format: 'raw' | 'qcow2'): Promise<Uint8Array> {
  await using reader = await openDiskImage(path, { format });
  const bytes = new Uint8Array(DISK_BYTES);
  for (let at = 0; at < DISK_BYTES; at += 2 ** 20) await reader.read(at, bytes.subarray(at, at + 2 ** 20));
  return bytes;
}

describeWithPeers(PEERS, 'a restored domain', () => {
  beforeAll(startHost);
  afterEach(clear);
  afterAll(() => libvirt[Symbol.asyncDispose]());

  it.each(['qcow2', 'raw'] as const)(
    'starts from its disks and shows what is on them: %s',
    async (format) => {
      const name = `web ${format}`;
      await using target = liveTarget(libvirt, folder, { name, format });
      const plan = await planOf(target, bootRequest(2, { start: true }));
      const { machine, disks } = await restoreBoot(target, plan);
      const told = await readConsole(libvirt, name, [markerOf(0), markerOf(1)]);
      expect(told).toContain(markerOf(0));
      expect(told).toContain(markerOf(1));
      expect((await libvirt.virsh('domstate', name)).trim()).toBe('running');
      await libvirt.virsh('destroy', name);
      for (const [number, { location }] of disks.entries()) {
        expect(location).toBe(join(folder, `${name}-disk-${number}.${format}`));
        expect(Buffer.compare(await bytesOf(location, format), bootDisk(number))).toBe(0);
      }
      const domain = parseDomain(await libvirt.virsh('dumpxml', '--inactive', name));
      expect(domain).toMatchObject({
        name,
        uuid: machine?.id,
        type: 'qemu',
        vcpus: 2,
        memoryBytes: 32 * 1024 * 1024,
        firmware: { kind: 'bios' },
      });
      expect(domain.disks.map(({ target: dev, bus, format: type }) => [dev, bus, type])).toEqual([
        ['vda', 'virtio', format],
        ['sda', 'sata', format],
      ]);
      expect(await readdir(folder)).toEqual(expect.arrayContaining([`${name}-disk-0.${format}`]));
    },
  );

  it('gets the disks of the point in place of its own, when it is off', async () => {
    await using target = liveTarget(libvirt, folder, { name: 'db', format: 'qcow2' });
    await using other = liveTarget(libvirt, folder, { name: 'db', format: 'raw' });
    const first = bootRequest(2, { start: true });
    const { machine } = await restoreBoot(target, await planOf(target, first));
    if (machine === undefined) throw new Error('no machine');
    const again = bootRequest(2, { into: 'existing-disks', existing: machine, overwrite: true });
    const running = await other.check(again);
    expect(running.findings.map(({ code }) => code)).toContain('machine-running');
    expect(running.plan).toBeNull();
    await libvirt.virsh('destroy', 'db');
    const plan = await planOf(other, { ...again, start: true });
    await libvirt.virsh('start', 'db');
    await expect(restoreBoot(other, plan)).rejects.toMatchObject({ code: 'LOCKED' });
    await libvirt.virsh('destroy', 'db');
    for (const { location } of plan.disks) await execa('qemu-io', ['-c', 'write -P 7 0 24M', location]);
    const before = await libvirt.virsh('dumpxml', '--inactive', 'db');
    const { disks } = await restoreBoot(other, plan);
    expect(disks.map(({ location }) => location)).toEqual(
      [0, 1].map((number) => join(folder, `db-disk-${number}.qcow2`)),
    );
    const told = await readConsole(libvirt, 'db', [markerOf(0), markerOf(1)]);
    expect(told).toContain(markerOf(1));
    expect(await libvirt.virsh('dumpxml', '--inactive', 'db')).toBe(before);
  });

  it('is not made where a domain has the name, and replaces it where that is allowed', async () => {
    await using target = liveTarget(libvirt, folder, { name: 'shop', format: 'raw' });
    const first = await restoreBoot(target, await planOf(target, bootRequest(1)));
    const refused = await planOf(target, bootRequest(1));
    await expect(restoreBoot(target, refused)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    const larger = bootRequest(1, { overwrite: true });
    const plan = await planOf(target, { ...larger, spec: { ...larger.spec, memoryBytes: 64 * 1024 * 1024 } });
    const second = await restoreBoot(target, plan);
    expect(second.machine).toEqual(first.machine);
    const domain = parseDomain(await libvirt.virsh('dumpxml', '--inactive', 'shop'));
    expect(domain.memoryBytes).toBe(64 * 1024 * 1024);
  });

  it('is whole after the process died at any save of its making, and gone after a rollback from there', async () => {
    const request = bootRequest(1, { start: true });
    // the saves before these are of the disks, and cut in cuts.test.ts
    for (let failAt = 4, finished = false; !finished; failAt++) {
      const name = `cut-${failAt}`;
      const journal = new Journal();
      journal.failAt = failAt;
      await using target = liveTarget(libvirt, folder, { name, format: 'qcow2' });
      const plan = await planOf(target, request);
      finished = await restoreBoot(target, plan, journal).then(
        () => true,
        () => false,
      );
      journal.failAt = Number.POSITIVE_INFINITY;
      await using later = liveTarget(libvirt, folder, { name, format: 'qcow2' });
      const left = async () => [...(await readdir(folder)), ...(await domainNames())].filter(isOf(name));
      if (journal.saved === undefined) {
        expect(await left()).toEqual([]);
        continue;
      }
      if (failAt % 2 === 0) {
        await restoreBoot(later, plan, journal);
        expect((await libvirt.virsh('domstate', name)).trim()).toBe('running');
        expect((await left()).toSorted()).toEqual([name, `${name}-disk-0.qcow2`]);
      } else if (!finished) {
        await using writer = await later.begin(plan, journal.run());
        await writer.rollback();
        expect(await left()).toEqual([]);
      }
      await clear();
    }
  });
});

describeWithPeers([...PEERS, 'ovmf'], 'a restored UEFI domain', () => {
  beforeAll(startHost);
  afterEach(clear);
  afterAll(() => libvirt[Symbol.asyncDispose]());

  it('has the UEFI variables of the point, and starts with them', async () => {
    const bytes = await readFile('/usr/share/OVMF/OVMF_VARS_4M.fd');
    bytes.set([0x5e, 0xed], bytes.length - 2); // told apart from a new file; behind the variables
    const nvram: Artifact = {
      name: 'nvram',
      sensitive: true,
      sizeBytes: bytes.length,
      bytes: async () => bytes,
    };
    await using target = liveTarget(libvirt, folder, { name: 'efi', format: 'qcow2' });
    const asked = bootRequest(1, { artifacts: [nvram] });
    const request = {
      ...asked,
      spec: { ...asked.spec, firmware: 'uefi', memoryBytes: 128 * 2 ** 20 },
    } as const;
    const report = await target.check(request);
    expect(report.findings.map(({ code }) => code)).toEqual([]);
    await restoreBoot(target, await planOf(target, request), new Journal(), [nvram]);
    const { firmware } = parseDomain(await libvirt.virsh('dumpxml', '--inactive', 'efi'));
    expect(firmware.kind).toBe('uefi');
    expect(Buffer.compare(await readFile(firmware.nvram?.path ?? ''), bytes)).toBe(0);
    await libvirt.virsh('start', 'efi');
    expect((await libvirt.virsh('domstate', 'efi')).trim()).toBe('running');
    const running = parseDomain(await libvirt.virsh('dumpxml', 'efi'));
    expect(running.firmware.loader).toContain('OVMF_CODE');
    expect(running.firmware.nvram?.path).toBe(firmware.nvram?.path);
  });
});
