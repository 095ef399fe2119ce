import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDiskImage } from '@sendense/formats';
import { parseDomain } from '@sendense/platform-kvm/domain';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { bootDisk, DISK_BYTES, markerOf } from './boot-disk.ts';
import { bootRequest, imagesOf, liveTarget, planOf, readConsole, restoreBoot } from './live-host.ts';

const PEERS = ['libvirt', 'qemu-system-x86_64', 'qemu-img'];

let libvirt: LibvirtDaemon;
let folder: string;

async function startHost(): Promise<void> {
  libvirt = await startLibvirt();
  folder = await imagesOf(libvirt);
}

/** Removes all domains. */
async function clear(): Promise<void> {
  for (const uuid of (await libvirt.virsh('list', '--all', '--uuid'))
    .split('\n')
    .filter((line) => line.trim() !== '')) {
    await libvirt.virsh('destroy', uuid.trim()).catch(() => undefined); // it may be off
    await libvirt.virsh('undefine', '--nvram', uuid.trim());
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
});
