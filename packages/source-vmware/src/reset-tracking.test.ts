import { diskId } from '@sendense/core';
import type { VimMachine } from '@sendense/platform-vmware';
import { describe, expect, it } from 'vitest';
import type { Decision } from './capture-plan.ts';
import { checkOptions } from './options.ts';
import { plannedReset, stillOutgrown, whyReset } from './reset-tracking.ts';

type Given = { readonly changeId?: string; readonly fault?: 'broken' | 'outgrown' };

/** A decision about disks that are all copied whole, because of what is `given` of each. */
function decisionOf(given: readonly Given[]): Decision {
  const disks = given.map(({ changeId, fault }, number) => ({
    now: { id: diskId(`d-${number}`), disk: { key: number, changeId } },
    choice: { changes: { kind: 'full', reason: 'tracking-lost', detail: 'why' }, changedBytes: 1, fault },
  }));
  return { disks, skipped: [], findings: [] } as unknown as Decision;
}

const MACHINE = {
  hardwareVersion: 19,
  changeTracking: { supported: true, enabled: true },
  snapshots: { snapshots: [], current: undefined },
} as unknown as VimMachine;

function asked(
  disks: readonly Given[],
  machine: Partial<VimMachine> = {},
  track: 'repair' | 'auto' | 'existing' = 'repair',
) {
  const options = checkOptions({ address: 'vc.example', user: 'u', track });
  return whyReset(options, { ...MACHINE, ...machine }, decisionOf(disks));
}

describe('change tracking', () => {
  it.each<[string, readonly Given[], string | undefined]>([
    ['of a disk that fails', [{ changeId: '52/1' }, { changeId: '52/2', fault: 'broken' }], 'd-1: why'],
    ['that shows no change id of any disk', [{}, {}], 'd-0: why'],
    ['that shows none of one disk, which may never get one', [{}, { changeId: '52/2' }], undefined],
    ['that was lost, and is there again', [{ changeId: '52/1' }], undefined],
    ['of a machine whose disks are all skipped', [], undefined],
  ])('%s begins anew, or does not', (_what, disks, why) => {
    expect(asked(disks)).toBe(why);
    expect(asked(disks, {}, 'auto')).toBeUndefined();
  });

  it('of a disk of another size begins anew wherever it may be switched', () => {
    const disks: readonly Given[] = [{ changeId: '52/1' }, { changeId: '52/2', fault: 'outgrown' }];
    expect(asked(disks)).toBe('d-1: why');
    expect(asked(disks, {}, 'auto')).toBe('d-1: why');
    expect(asked(disks, {}, 'existing')).toBeUndefined();
  });

  it.each([
    ['goes on', '52/3', ['d-0']],
    ['has begun anew', '53/1', []],
    ['is off', undefined, []],
  ])('of a disk of another size is not trusted as long as it %s', (_how, changeId, left) => {
    const before = decisionOf([{ changeId: '52/2', fault: 'outgrown' }, { changeId: '52/2' }]);
    const frozen = [
      { key: 0, changeId },
      { key: 1, changeId: '52/3' },
    ];
    expect([...stillOutgrown(before, frozen)]).toEqual(left);
  });

  it.each<[string, 'auto' | 'existing', number, string]>([
    ['will begin anew', 'auto', 0, 'change-tracking-reset'],
    ['will not be trusted, over a snapshot', 'auto', 1, 'change-tracking-outgrown'],
    ['will not be trusted, where it may not begin anew', 'existing', 0, 'change-tracking-outgrown'],
  ])('of a disk of another size %s, as a dry run tells', (_what, track, others, code) => {
    const snapshots = Array.from({ length: others }, () => ({ name: 'mine' }));
    const machine = { snapshots: { snapshots } } as unknown as VimMachine;
    const told = plannedReset({ track }, machine, decisionOf([{ changeId: '52/2', fault: 'outgrown' }]));
    expect(told).toMatchObject([{ code, message: expect.stringContaining('d-0') }]);
    expect(plannedReset({ track }, machine, decisionOf([{ changeId: '52/2' }]))).toEqual([]);
  });

  it('does not begin anew where it cannot be had', () => {
    expect(asked([{}], { hardwareVersion: 4 })).toBeUndefined();
  });
});
