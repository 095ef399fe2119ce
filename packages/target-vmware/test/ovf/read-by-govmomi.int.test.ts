import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RestoreRequest } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter } from '@sendense/tests/vmware';
import { describe, expect, it } from 'vitest';
import { planOf, requestOf, runOf, send } from '../restore-work.ts';
import { readByGovmomi } from './ovf-reader.ts';
import { LAYOUTS, PackageBench } from './package-bench.ts';

const MIB = 2 ** 20;
const DISKS = [seededBytes(1, 3 * MIB), new Uint8Array(5 * MIB).fill(3, 2 * MIB, 3 * MIB)];

async function written(bench: PackageBench, request: RestoreRequest): Promise<void> {
  const target = bench.target();
  await using writer = await target.begin(await planOf(target, request), runOf());
  await send(writer, DISKS.slice(0, request.disks.length));
  await writer.commit();
}

/** One machine with everything that a package can tell. */
function everything(): RestoreRequest {
  const { spec, disks, ...rest } = requestOf(DISKS, {
    name: 'old web',
    firmware: 'uefi-secure',
    cpu: { sockets: 2, coresPerSocket: 3, threadsPerCore: 1 },
    memoryBytes: 1536 * MIB,
    guest: { family: 'linux', name: 'Ubuntu Linux (64-bit)' },
    nics: [
      { model: 'vmxnet3', network: 'Production', macAddress: '00:50:56:01:02:03', connected: true },
      { model: 'e1000e', network: 'Storage & Backup', connected: false },
    ],
  });
  const slots = [
    { bus: 'sata', controller: 0, unit: 3 },
    { bus: 'nvme', controller: 1, unit: 2 },
  ] as const;
  const seated = disks.map((disk, index) => ({ ...disk, slot: slots[index] ?? disk.slot }));
  return { ...rest, spec, disks: seated, into: 'disks-only' };
}

describeWithPeers(['ovf-reader'], 'a package, read by govmomi', () => {
  it('describes the machine that it was made of', async () => {
    await using bench = await PackageBench.open('archive');
    await written(bench, everything());
    const { machine, files, networks } = await readByGovmomi(bench);
    const { devices, ...rest } = machine;
    expect(rest).toEqual({
      name: 'old web',
      version: 'vmx-13',
      guestId: 'ubuntu64Guest',
      processors: 6,
      cores: 3,
      memoryMib: 1536,
      firmware: 'efi',
      secureBoot: true,
    });
    expect(devices).toEqual([
      expect.objectContaining({ type: 'VirtualAHCIController', bus: 0 }),
      expect.objectContaining({ type: 'VirtualNVMEController', bus: 1 }),
      expect.objectContaining({ controller: 'VirtualAHCIController', unit: 3, bytes: 3 * MIB }),
      expect.objectContaining({ controller: 'VirtualNVMEController', unit: 2, bytes: 5 * MIB }),
      expect.objectContaining({ type: 'VirtualVmxnet3', unit: 7 }),
      expect.objectContaining({ type: 'VirtualE1000e', unit: 8 }),
    ]);
    expect(networks).toEqual(['Production', 'Storage & Backup']);
    expect(files.toSorted()).toEqual(['web-disk1.vmdk', 'web-disk2.vmdk', 'web.ovf']);
  });

  it('is refused when a byte of a disk was changed', async () => {
    await using bench = await PackageBench.open('folder');
    await written(bench, { ...requestOf(DISKS), into: 'disks-only' });
    const file = join(bench.path, 'web-disk1.vmdk');
    const bytes = await readFile(file);
    bytes[bytes.byteLength >> 1] = (bytes[bytes.byteLength >> 1] ?? 0) ^ 1;
    await writeFile(file, bytes);
    await expect(readByGovmomi(bench)).rejects.toThrow('web-disk1.vmdk has the digest');
  });
});

describeWithPeers(['ovf-reader', 'test-vcenter'], 'a package, imported into a vCenter by govmomi', () => {
  describe.each(LAYOUTS)('(%s)', (layout) => {
    it('becomes a machine whose disks hold what was restored', async () => {
      await using bench = await PackageBench.open(layout);
      // the simulator's import knows SCSI and IDE only
      await written(bench, { ...requestOf(DISKS), into: 'disks-only' });
      await using server = await startTestVcenter({ machines: 0 });
      const { imported } = await readByGovmomi(bench, server);
      expect(imported).toMatch(/^vm-/);
      for (const [number, bytes] of DISKS.entries()) {
        const flat = await readFile(join(server.datastoreDir, 'imported', `disk-${number}-flat.vmdk`));
        expect(Buffer.compare(flat, bytes)).toBe(0);
      }
    });
  });
});
