import { diskId, type FullReason } from '@sendense/core';
import type { VimDisk } from '@sendense/platform-vmware';
import { describe, expect, it } from 'vitest';
import { type DecidedDisk, disksAt, fullFinding } from './capture-plan.ts';

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

describe('the finding of a full', () => {
  function findings(reason: FullReason, untracked?: string) {
    const now: DecidedDisk['now'] = {
      id: diskId('d'),
      machine: { type: 'VirtualMachine', id: 'vm-1' },
      disk: disk(1),
      snapshot: undefined,
      below: undefined,
      untracked,
      tells: true,
    };
    const changes = { kind: 'full', reason, detail: 'why' } as const;
    const found = fullFinding({ now, choice: { changes, changedBytes: 4096, fault: undefined } }, untracked);
    return found.map(({ code, disk: of }) => [code, of]);
  }

  it('is told of a disk that the server tells no changes of, though its machine records them', () => {
    expect(findings('no-change-tracking')).toEqual([['no-change-tracking', 'd']]);
    expect(findings('tracking-lost')).toEqual([['tracking-lost', 'd']]);
  });

  it('is not told where nobody wonders, or the finding of the machine tells it', () => {
    expect(findings('first-backup')).toEqual([]);
    expect(findings('no-change-tracking', 'old hardware')).toEqual([]);
  });
});
