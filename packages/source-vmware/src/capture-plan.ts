import {
  type Call,
  type CapturePlan,
  type CaptureRequest,
  type DiskId,
  type DiskPlan,
  type Finding,
  type FullReason,
  type Lane,
  SendenseError,
  type SkippedDisk,
} from '@sendense/core';
import {
  diskIdOf,
  type Names,
  type VimClient,
  type VimDisk,
  type VimMachine,
  type VimSnapshot,
} from '@sendense/platform-vmware';
import { type ChosenChanges, chooseChanges, type DiskNow } from './choose-changes.ts';
import type { SourceContext } from './context.ts';
import { whySkipped, whyUnmarked, whyUntracked } from './prerequisites.ts';

/** Disks that are read from one host at a time: its buffers for transfers are few. */
const DISKS_PER_HOST = 4;

/** A disk with what a capture does with it. */
export type DecidedDisk = { readonly now: DiskNow; readonly choice: ChosenChanges };

/** What a capture does. */
export type Decision = {
  readonly disks: readonly DecidedDisk[];
  readonly skipped: readonly SkippedDisk[];
  readonly findings: readonly Finding[];
};

/** A machine and its disks as they are now, or at the instant of a snapshot of ours. */
export type MachineView = {
  readonly machine: VimMachine;
  /** All disks of the machine: of the snapshot, and those that it does not hold. */
  readonly disks: readonly VimDisk[];
  readonly snapshot: VimSnapshot | undefined;
  /** The nearest snapshot of somebody else below these disks. */
  readonly below: VimSnapshot | undefined;
  /** What was decided before change tracking began anew: its fulls are still ones, for the reasons that they had. */
  readonly before?: Decision;
};

/**
 * The disks at a snapshot, also one that came after `machine` was read; with those that no snapshot can hold, as the machine has them.
 * Throws `INSTANT_LOST` for any other disk of the machine that the snapshot lacks: the machine writes to its file.
 */
export function disksAt(
  machine: Pick<VimMachine, 'object' | 'disks'>,
  held: readonly VimDisk[],
): readonly VimDisk[] {
  const others = machine.disks.filter((disk) => held.every(({ key }) => key !== disk.key));
  const gone = others.find((disk) => whySkipped(disk) === undefined);
  if (gone === undefined) return [...held, ...others];
  throw new SendenseError('INSTANT_LOST', `the snapshot does not hold "${gone.label}" of the machine`, {
    operation: 'begin-capture',
    context: { machine: machine.object.id, disk: gone.key },
    remedy: 'repeat the backup when nobody adds or removes disks',
  });
}

/** Decides each disk. */
export async function decide(
  { options, clock, retired }: SourceContext,
  vim: VimClient,
  request: CaptureRequest,
  { machine, disks, snapshot, below, before }: MachineView,
  call?: Call,
): Promise<Decision> {
  const excluded = new Set(request.disks?.exclude);
  const untracked = whyUntracked(machine, options);
  const since = options.track === 'off' ? [] : request.since.filter(({ instant }) => !retired.has(instant));
  const decided: DecidedDisk[] = [];
  const skipped: SkippedDisk[] = [];
  for (const disk of disks) {
    const id = diskIdOf(disk, disks);
    const reason = excluded.has(id) ? 'excluded by the request' : whySkipped(disk);
    if (reason !== undefined) {
      skipped.push({ id, reason });
      continue;
    }
    const now: DiskNow = {
      id,
      machine: machine.object,
      disk,
      snapshot: snapshot?.object,
      below,
      untracked: untracked ?? whyUnmarked(disk, snapshot),
      tells: snapshot !== undefined || machine.power === 'off',
    };
    const earlier = before?.disks.find((other) => other.now.id === id)?.choice;
    const choice =
      earlier?.changes.kind === 'full'
        ? earlier
        : await chooseChanges(vim, now, { since, now: clock.now() }, call);
    decided.push({ now, choice });
  }
  const findings = [
    ...untrackedFinding(untracked),
    ...decided.flatMap((disk) => fullFinding(disk, untracked)),
    ...left(machine),
  ];
  return { disks: decided, skipped, findings };
}

/** Reasons of a full that nobody wonders about, or that another finding tells. */
function isExpected(reason: FullReason, untracked: string | undefined): boolean {
  return reason === 'first-backup' || (reason === 'no-change-tracking' && untracked !== undefined);
}

/** `untracked` is why no changes of the whole machine are recorded. */
export function fullFinding(
  { now: { id }, choice: { changes } }: DecidedDisk,
  untracked: string | undefined,
): readonly Finding[] {
  if (changes.kind === 'incremental' || isExpected(changes.reason, untracked)) return [];
  const message = `${id}: all of it is read: ${changes.detail}`;
  return [{ severity: 'warning', code: changes.reason, message, disk: id }];
}

function untrackedFinding(untracked: string | undefined): readonly Finding[] {
  return untracked === undefined
    ? []
    : [{ severity: 'info', code: 'no-change-tracking', message: untracked }];
}

/** What a machine has besides its disks and is not backed up. */
function left({ tpm }: VimMachine): readonly Finding[] {
  if (!tpm) return [];
  const message = "the machine's virtual TPM is not in the backup";
  return [{ severity: 'warning', code: 'artifact-left-out', message }];
}

function diskPlan(
  { now: { id, disk }, choice: { changes, changedBytes } }: DecidedDisk,
  whole: ReadonlySet<DiskId>,
): DiskPlan {
  const { sizeBytes } = disk;
  const bytes = changedBytes ?? sizeBytes;
  const isFull = changes.kind === 'full';
  return {
    id,
    sizeBytes,
    kind: changes.kind,
    reason: isFull ? changes.reason : null,
    detail: isFull ? changes.detail : `since instant ${changes.since}`,
    changedBytes: bytes,
    readBytes: whole.has(id) ? sizeBytes : bytes,
  };
}

/** The dry run: what a capture would do with each disk. `whole` are those of which all is read to deliver a part. */
export function planOf(
  decision: Decision,
  whole: ReadonlySet<DiskId>,
  host: string,
  findings: readonly Finding[],
): CapturePlan {
  const isUnknown = decision.disks.some(({ choice }) => choice.changedBytes === undefined);
  return {
    disks: decision.disks.map((disk) => diskPlan(disk, whole)),
    skipped: decision.skipped,
    lanes: [laneOf(host)],
    findings: [...decision.findings, ...findings, ...(isUnknown ? [AT_MOST] : [])],
    otherBaselines: 0,
  };
}

/** Change ids of others are not known, and take no room. */
const AT_MOST: Finding = {
  severity: 'info',
  code: 'changed-bytes-unknown',
  message:
    'of a running machine vSphere tells changed areas only up to a snapshot: the sizes are the most that is read',
};

/** The limit that all backups of machines of a host share. */
function laneOf(host: string): Lane {
  return { key: `esx:${host}`, max: DISKS_PER_HOST };
}

/** The host of a machine, or the server where its host is not told. */
export function hostOf(vim: VimClient, machine: VimMachine, names: Names): string {
  return names.name(machine.host) ?? vim.host;
}
