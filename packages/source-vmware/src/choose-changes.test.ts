import { diskId, instantId, SendenseError, streamId } from '@sendense/core';
import type { VimClient, VimDisk, VimSnapshot } from '@sendense/platform-vmware';
import { describe, expect, it } from 'vitest';
import { type Baseline, createState } from './baseline-state.ts';
import { chooseChanges, type DiskNow, whyUnusable } from './choose-changes.ts';

const DISK: VimDisk = {
  key: 2000,
  label: 'Hard disk 1',
  slot: { bus: 'scsi', controller: 0, unit: 0 },
  sizeBytes: 4096,
  backing: 'VirtualDiskFlatVer2',
  fileName: '[ds] a/a.vmdk',
  datastore: undefined,
  uuid: 'u',
  mode: 'persistent',
  thin: true,
  shared: false,
  parents: [],
  changeId: '52 de/18',
};
const BASELINE: Baseline = {
  changeId: '52 de/17',
  sizeBytes: 4096,
  below: null,
  takenAt: 2000,
  isOutgrown: false,
};
const OURS = { type: 'VirtualMachineSnapshot', id: 'snapshot-9' };

function snapshot(id: string, createdAt: number | undefined): VimSnapshot {
  return {
    object: { type: 'VirtualMachineSnapshot', id },
    name: id,
    description: '',
    createdAt: createdAt === undefined ? undefined : new Date(createdAt),
    quiesced: false,
    parent: undefined,
  };
}

type Now = Omit<DiskNow, 'id' | 'machine' | 'tells'>;

function reasonFor(
  now: Partial<Now> & { readonly changeId?: string | undefined },
  baseline: Partial<Baseline> = {},
) {
  const { changeId = DISK.changeId, ...rest } = now;
  const disk = 'changeId' in now ? { ...DISK, changeId: now.changeId } : { ...DISK, changeId };
  const all: Now = { disk, snapshot: OURS, below: undefined, untracked: undefined, ...rest };
  return whyUnusable(all, { ...BASELINE, ...baseline })?.reason;
}

describe('a baseline of a disk', () => {
  it('holds when the change id has gone on in the same epoch', () => {
    expect(reasonFor({})).toBeUndefined();
    expect(reasonFor({ below: snapshot('snapshot-3', 3000) })).toBeUndefined();
    expect(reasonFor({ below: snapshot('snapshot-3', undefined) })).toBeUndefined();
    expect(reasonFor({ below: snapshot('snapshot-3', 1000) }, { below: 'snapshot-3' })).toBeUndefined();
    expect(reasonFor({ below: snapshot('snapshot-3', 1000) }, { takenAt: null })).toBeUndefined();
  });

  it('holds for a machine as it is now also where no snapshot was taken since', () => {
    expect(reasonFor({ snapshot: undefined, changeId: '52 de/17' })).toBeUndefined();
    expect(reasonFor({ snapshot: undefined, changeId: '52 de/16' })).toBe('machine-reverted');
  });

  it.each<[string, Parameters<typeof reasonFor>, string]>([
    ['another size', [{}, { sizeBytes: 8192 }], 'disk-resized'],
    ['a change id of another epoch', [{ changeId: '53 aa/99' }], 'tracking-lost'],
    ['no change id any more', [{ changeId: undefined }], 'tracking-lost'],
    ['a machine that cannot be tracked now', [{ untracked: 'old hardware' }], 'tracking-lost'],
    [
      'a change id of the epoch in which the disk had another size',
      [{}, { isOutgrown: true }],
      'disk-resized',
    ],
    ['another epoch than that one', [{ changeId: '53 aa/1' }, { isOutgrown: true }], 'tracking-lost'],
    ['a change id that went back', [{ changeId: '52 de/12' }], 'machine-reverted'],
    ['a change id that did not go on with the snapshot', [{ changeId: '52 de/17' }], 'machine-reverted'],
    [
      'an older snapshot below that was not below it then',
      [{ below: snapshot('snapshot-3', 1000) }],
      'machine-reverted',
    ],
    [
      'another older snapshot below',
      [{ below: snapshot('snapshot-3', 1000) }, { below: 'snapshot-4' }],
      'machine-reverted',
    ],
  ])('tells nothing with %s', (_what, [now, baseline], reason) => {
    expect(reasonFor(now, baseline)).toBe(reason);
  });

  it('holds where the change id has no number that can be compared', () => {
    expect(reasonFor({ changeId: '52 de/x' })).toBeUndefined();
    expect(reasonFor({ changeId: '52 de' }, { changeId: '52 de' })).toBeUndefined();
  });
});

describe('change tracking of a disk', () => {
  /** What it is told to be when the server answers `fault` for a disk with these baselines, the newest first. */
  async function faultOf(told: string, baselines: readonly Partial<Baseline>[]): Promise<string | undefined> {
    const id = diskId('d');
    const since = baselines.map((baseline, at) => {
      const instant = instantId(`00000000-0000-4000-8000-00000000000${at}`);
      const origin = { instant, machine: { connection: 'c', id: 'm' }, stream: streamId('s') };
      const state = createState(origin, new Map([[id, { ...BASELINE, ...baseline }]]));
      if (state === null) throw new Error('there is no state');
      return state;
    });
    const vim = {
      invoke: async () => {
        throw new SendenseError('CORRUPT', 'no', { operation: 'test', context: { fault: told } });
      },
    } as unknown as VimClient;
    const now: DiskNow = {
      id,
      machine: { type: 'VirtualMachine', id: 'vm-7' },
      disk: DISK,
      snapshot: OURS,
      below: undefined,
      untracked: undefined,
      tells: true,
    };
    return (await chooseChanges(vim, now, { since, now: new Date() })).fault;
  }

  it.each<[string, string, readonly Partial<Baseline>[], string | undefined]>([
    ['is broken when its file is damaged', 'FileFault', [{}], 'broken'],
    ['is outgrown after the disk has grown', 'FileFault', [{ sizeBytes: 2048 }], 'outgrown'],
    ['is so for an older backup of the same size too', 'FileFault', [{ sizeBytes: 2048 }, {}], 'outgrown'],
    ['is outgrown until it has begun anew', 'FileFault', [{ isOutgrown: true }], 'outgrown'],
    ['may be whole when its file cannot be reached', 'CannotAccessFile', [{}], undefined],
    ['may be whole when its file is not found', 'FileNotFound', [{}], undefined],
    ['is no matter of an older backup that fails', 'FileFault', [{ changeId: '53 aa/1' }, {}], undefined],
    ['is no matter of an older size', 'FileFault', [{ changeId: '53 aa/1' }, { sizeBytes: 2048 }], undefined],
  ])('%s', async (_what, told, baselines, fault) => {
    expect(await faultOf(told, baselines)).toBe(fault);
  });
});
