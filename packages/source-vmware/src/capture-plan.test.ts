import type { VimDisk } from '@sendense/platform-vmware';
import { describe, expect, it } from 'vitest';
import { disksAt } from './capture-plan.ts';

function disk(key: number, changes: Partial<VimDisk> = {}): VimDisk {
  return {
    key,
    label: `Hard disk ${key}`,
    slot: { bus: 'scsi', controller: 0, unit: key },
    sizeBytes: 4096,
    backing: 'VirtualDiskFlatVer2',
    fileName: `[ds] a/${key}.vmdk`,
    datastore: undefined,
    uuid: `u-${key}`,
    mode: 'persistent',
    thin: true,
    shared: false,
    parents: [],
    changeId: '52 de/18',
    ...changes,
  };
}

function machine(...disks: readonly VimDisk[]): Parameters<typeof disksAt>[0] {
  return { object: { type: 'VirtualMachine', id: 'vm-1' }, disks };
}

describe('the disks at a snapshot', () => {
  it('are those that it holds, also one that the machine did not have before', () => {
    const held = [disk(1, { fileName: '[ds] a/frozen.vmdk' }), disk(2)];
    expect(disksAt(machine(disk(1)), held)).toEqual(held);
  });

  it('are told with those that no snapshot holds', () => {
    const apart = disk(2, { mode: 'independent_persistent' });
    expect(disksAt(machine(disk(1), apart), [disk(1)])).toEqual([disk(1), apart]);
  });

  it('are of no instant when it lacks one that it should hold', () => {
    expect(() => disksAt(machine(disk(1), disk(2)), [disk(1)])).toThrow(
      expect.objectContaining({ code: 'INSTANT_LOST', remedy: expect.any(String) }),
    );
  });
});
