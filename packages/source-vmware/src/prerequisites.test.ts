import { captureId, streamId } from '@sendense/core';
import type { VimDisk, VimMachine, VimSnapshot } from '@sendense/platform-vmware';
import { describe, expect, it } from 'vitest';
import { snapshotText } from './leftovers.ts';
import { checkOptions } from './options.ts';
import { checkSnapshots, snapshotFindings, whySkipped, whyUnmarked, whyUntracked } from './prerequisites.ts';

const OPTIONS = checkOptions({ address: 'vc.example', user: 'u' });
const NOW = new Date('2026-11-22T12:00:00Z');

const DISK = {
  mode: 'persistent',
  backing: 'VirtualDiskFlatVer2',
  shared: false,
  fileName: '[d] a.vmdk',
  sizeBytes: 512,
};

function disk(changes: Partial<VimDisk>): VimDisk {
  return { ...DISK, ...changes } as VimDisk;
}

function snapshot(hours: number, name = 'theirs', description = ''): VimSnapshot {
  return {
    object: { type: 'VirtualMachineSnapshot', id: `snapshot-${hours}` },
    name,
    description,
    createdAt: new Date(NOW.getTime() - hours * 3_600_000),
    quiesced: false,
    parent: undefined,
  };
}

function machine(changes: Partial<VimMachine>, snapshots: readonly VimSnapshot[] = []): VimMachine {
  return {
    hardwareVersion: 19,
    changeTracking: { supported: true, enabled: false },
    snapshots: { snapshots, current: snapshots.at(-1)?.object },
    ...changes,
  } as VimMachine;
}

describe('what a disk must be to be backed up', () => {
  it('is a file of a datastore of the machine alone', () => {
    expect(whySkipped(disk({}))).toBeUndefined();
    expect(whySkipped(disk({ backing: 'VirtualDiskSeSparse' }))).toBeUndefined();
  });

  it.each<[string, Partial<VimDisk>, RegExp]>([
    ['independent', { mode: 'independent_persistent' }, /no snapshot holds it/],
    ['independent and forgetful', { mode: 'independent_nonpersistent' }, /no snapshot holds it/],
    ['a raw device', { backing: 'VirtualDiskRawDiskMappingVer1' }, /raw device mapping/],
    ['shared', { shared: true }, /other machines may write/],
    ['of a hosted product', { backing: 'VirtualDiskSparseVer1' }, /SparseVer1/],
    ['without a file', { fileName: undefined }, /is not read/],
    ['empty', { sizeBytes: 0 }, /no size/],
  ])('is told of one that is %s', (_what, changes, why) => {
    expect(whySkipped(disk(changes))).toMatch(why);
  });
});

describe('what a machine must be for its changes to be recorded', () => {
  it('is new enough, able, and without snapshots where tracking is still off', () => {
    expect(whyUntracked(machine({}), OPTIONS)).toBeUndefined();
    expect(whyUntracked(machine({ hardwareVersion: undefined }), OPTIONS)).toBeUndefined();
    const enabled = { changeTracking: { supported: true, enabled: true } };
    expect(whyUntracked(machine(enabled, [snapshot(1)]), OPTIONS)).toBeUndefined();
  });

  it.each<[string, VimMachine, Partial<typeof OPTIONS>, RegExp]>([
    ['switched off for the source', machine({}), { track: 'off' }, /switched off for this source/],
    ['old', machine({ hardwareVersion: 6 }), {}, /version 6.*needs 7/],
    ['unable', machine({ changeTracking: { supported: false, enabled: false } }), {}, /cannot track/],
    ['off and not to be switched on', machine({}), { track: 'existing' }, /does not switch it on/],
    ['off with snapshots', machine({}, [snapshot(1), snapshot(2)]), {}, /over its 2 snapshots/],
  ])('is told of one that is %s', (_what, found, options, why) => {
    expect(whyUntracked(found, { ...OPTIONS, ...options })).toMatch(why);
  });
});

describe('a disk whose machine records changes', () => {
  it('is told of when a snapshot of it has no change id', () => {
    expect(whyUnmarked({ changeId: undefined }, snapshot(1))).toMatch(/no change id/);
    expect(whyUnmarked({ changeId: '52 de/18' }, snapshot(1))).toBeUndefined();
    expect(whyUnmarked({ changeId: undefined }, undefined)).toBeUndefined();
  });
});

describe('snapshots that are a worry', () => {
  it('are told when they are old, and whose they are', () => {
    const ours = snapshotText({ capture: captureId('sendense-1'), stream: streamId('s'), at: NOW });
    const left = snapshot(100, ours.name, ours.description);
    const findings = snapshotFindings(machine({}, [snapshot(1), snapshot(73), left]), OPTIONS, NOW);
    expect(findings.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      expect.stringMatching(/^old-snapshot: .*"theirs" is 73 hours/),
      expect.stringMatching(/^old-snapshot: .*of a backup that was not finished is 100 hours/),
    ]);
  });

  it('keep another from being taken when they are too many', () => {
    const many = machine(
      {},
      Array.from({ length: 9 }, (_, hours) => snapshot(hours)),
    );
    expect(snapshotFindings(many, OPTIONS, NOW)[0]?.code).toBe('too-many-snapshots');
    expect(() => checkSnapshots(many, OPTIONS)).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
    expect(() => checkSnapshots(many, { ...OPTIONS, maxSnapshots: 9 })).not.toThrow();
  });
});
