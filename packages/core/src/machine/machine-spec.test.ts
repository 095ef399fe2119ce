import { describe, expect, it } from 'vitest';
import { type MachineSpec, machineSpecSchema } from './machine-spec.ts';

const spec: MachineSpec = {
  schema: 1,
  name: 'db-1',
  platform: 'image',
  firmware: 'uefi',
  architecture: 'x86_64',
  cpu: { sockets: 1, coresPerSocket: 2, threadsPerCore: 1 },
  memoryBytes: 2 ** 31,
  disks: [
    { id: 'disk-a', slot: { bus: 'virtio', controller: 0, unit: 0 }, sizeBytes: 2 ** 40, sectorBytes: 512 },
  ],
  nics: [{ label: 'net0', connected: true }],
};

describe('machineSpecSchema', () => {
  it('gives back a valid machine as it was', () => {
    expect(machineSpecSchema.parse(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
  });

  it.each([
    ['a newer schema number', { schema: 2 }],
    ['no name', { name: '' }],
    ['unknown firmware', { firmware: 'coreboot' }],
    ['a negative disk', { disks: [{ ...spec.disks[0], sizeBytes: -1 }] }],
    ['a disk beyond 2^53', { disks: [{ ...spec.disks[0], sizeBytes: 2 ** 54 }] }],
    ['an odd sector size', { disks: [{ ...spec.disks[0], sectorBytes: 520 }] }],
    ['half a processor', { cpu: { sockets: 0.5, coresPerSocket: 1, threadsPerCore: 1 } }],
    ['no memory', { memoryBytes: 0 }],
    ['more disks than any machine has', { disks: Array.from({ length: 1025 }, () => spec.disks[0]) }],
    ['tags that are no text', { tags: { owner: 7 } }],
  ])('refuses %s', (_what, change) => {
    expect(machineSpecSchema.safeParse({ ...spec, ...change }).success).toBe(false);
  });
});
