import {
  type ByteRange,
  type Call,
  type ChangeState,
  type DiskId,
  type FullReason,
  type IncrementalChanges,
  SendenseError,
} from '@sendense/core';
import {
  isFault,
  type ManagedObject,
  parseChangeId,
  queryChangedAreas,
  type VimClient,
  type VimDisk,
  type VimSnapshot,
} from '@sendense/platform-vmware';
import { type BaselineRefusal, chooseBaseline } from '@sendense/plugin-kit/baselines';
import { type Baseline, parseState } from './baseline-state.ts';

/** A disk at an instant, or as it is now. */
export type DiskNow = {
  readonly id: DiskId;
  readonly machine: ManagedObject;
  readonly disk: VimDisk;
  /** The snapshot of the instant; `undefined` for now. */
  readonly snapshot: ManagedObject | undefined;
  /** The nearest snapshot of somebody else below. */
  readonly below: VimSnapshot | undefined;
  /** Why its changes are not recorded, or `undefined`. */
  readonly untracked: string | undefined;
  /** Whether the server can tell changed areas: of a running machine only up to a snapshot. */
  readonly tells: boolean;
};

/** Why the tracking of a disk is to begin anew. */
export type TrackingFault =
  /** It fails, or tells what cannot be true: it goes on so, or may. */
  | 'broken'
  /** It began when the disk had another size: ESXi 6 misses blocks of one that has grown, and does not tell (KB 2090639). */
  | 'outgrown';

/** What to copy of a disk, and how much that is. */
export type ChosenChanges = {
  readonly changes:
    | { readonly kind: 'full'; readonly reason: FullReason; readonly detail: string }
    | IncrementalChanges;
  /** Sum of the extents; `undefined` where it cannot be known. */
  readonly changedBytes: number | undefined;
  /** Why tracking itself is the cause that all is copied, until it begins anew; `undefined` where it is not. */
  readonly fault: TrackingFault | undefined;
};

/** Areas that are kept from when they were first asked for; of more the server is asked again. */
const KEPT_AREAS = 65_536;

function refusal(reason: FullReason, detail: string): BaselineRefusal {
  return { reason, detail };
}

const OUTGROWN = refusal('disk-resized', 'its change tracking has not begun anew since it had another size');

/** Why `baseline` tells nothing of the disk; `undefined` when it holds as far as can be seen without asking for areas. */
export function whyUnusable(
  { disk, snapshot, below, untracked }: Omit<DiskNow, 'id' | 'machine' | 'tells'>,
  baseline: Baseline,
): BaselineRefusal | undefined {
  if (baseline.sizeBytes !== disk.sizeBytes)
    return refusal('disk-resized', `it had ${baseline.sizeBytes} bytes and has ${disk.sizeBytes}`);
  if (untracked !== undefined) return refusal('tracking-lost', untracked);
  if (disk.changeId === undefined) return refusal('tracking-lost', 'the disk has no change id any more');
  const before = parseChangeId(baseline.changeId);
  const now = parseChangeId(disk.changeId);
  if (before.epoch !== now.epoch)
    return refusal('tracking-lost', 'change tracking was reset since the last backup');
  if (baseline.isOutgrown) return OUTGROWN;
  // each snapshot makes the number go on
  const least = (before.sequence ?? 0) + (snapshot === undefined ? 0 : 1);
  if (now.sequence !== undefined && before.sequence !== undefined && now.sequence < least)
    return refusal('machine-reverted', `the change id went back from ${before.sequence} to ${now.sequence}`);
  const older =
    below?.createdAt !== undefined &&
    baseline.takenAt !== null &&
    below.createdAt.getTime() < baseline.takenAt;
  if (older && below.object.id !== baseline.below)
    return refusal(
      'machine-reverted',
      `it stands on the snapshot ${below.object.id}, which is older than the last backup`,
    );
  return undefined;
}

/** What kept a server from telling changed areas, as the reason of a full; any other error is the caller's. */
function reasonOf(error: unknown): BaselineRefusal {
  if (SendenseError.is(error, 'CHANGE_TRACKING_LOST')) return refusal('tracking-lost', error.message);
  if (SendenseError.is(error, 'PROTOCOL_VIOLATION')) return refusal('tracking-inconsistent', error.message);
  if (SendenseError.is(error, 'UNSUPPORTED')) return refusal('no-change-tracking', error.message);
  throw error;
}

/** Whether the tracking may be whole: a storage that is away for a moment, or a moved file, answers so too. */
function mayPass(error: unknown): boolean {
  return isFault(error, 'CannotAccessFile') || isFault(error, 'FileNotFound');
}

/** The delta of `baseline`. All areas are asked for here once, so that a tracking that fails leads to a full, not to a failure. */
async function delta(
  vim: VimClient,
  { machine, disk, snapshot, tells }: DiskNow,
  { changeId }: Baseline,
  since: IncrementalChanges['since'],
  call?: Call,
): Promise<ChosenChanges> {
  const request = { machine, snapshot, deviceKey: disk.key, sizeBytes: disk.sizeBytes, changeId };
  const ask = (inner?: Call) => queryChangedAreas(vim, request, inner);
  const kept: ByteRange[] = [];
  let changedBytes = 0;
  let areas = 0;
  if (tells) {
    for await (const area of ask(call)) {
      areas += 1;
      changedBytes += area.length;
      if (areas <= KEPT_AREAS) kept.push(area);
    }
  }
  async function* extents(inner?: Call) {
    const all = tells && areas <= KEPT_AREAS ? kept : ask(inner);
    for await (const { offset, length } of all) yield { offset, length, kind: 'data' } as const;
  }
  return {
    changes: { kind: 'incremental', since, extents },
    changedBytes: tells ? changedBytes : undefined,
    fault: undefined,
  };
}

/**
 * The smallest true answer: the delta since the newest state that holds, else a full with the reason for which the newest one does
 * not.
 */
export async function chooseChanges(
  vim: VimClient,
  now: DiskNow,
  choice: { readonly since: readonly ChangeState[]; readonly now: Date },
  call?: Call,
): Promise<ChosenChanges> {
  // an older state may fail though tracking is whole
  const newest = choice.since.find(({ disks }) => disks.includes(now.id))?.instant;
  let fault: TrackingFault | undefined;
  const answer = await chooseBaseline<Baseline, ChosenChanges>({
    disk: now.id,
    ...choice,
    parse: parseState,
    untracked: now.untracked,
    judge: async (baseline, instant) => {
      // what an older state would be told is told by the same tracking
      if (fault === 'outgrown') return OUTGROWN;
      const why = whyUnusable(now, baseline);
      if (instant === newest && why?.reason === 'disk-resized') fault = 'outgrown';
      if (why !== undefined) return why;
      return delta(vim, now, baseline, instant, call).then(
        (held) => ({ held }),
        (error: unknown) => {
          const refused = reasonOf(error);
          if (instant === newest && refused.reason !== 'no-change-tracking' && !mayPass(error))
            fault = 'broken';
          return refused;
        },
      );
    },
  });
  if ('held' in answer) return answer.held;
  return { changes: { kind: 'full', ...answer }, changedBytes: now.disk.sizeBytes, fault };
}
