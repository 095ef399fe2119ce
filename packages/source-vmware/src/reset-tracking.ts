import {
  amendError,
  type Call,
  type DiskId,
  type Finding,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import {
  type ManagedObject,
  parseChangeId,
  readSnapshots,
  removeSnapshot,
  setChangeTracking,
  type TaskCall,
  type VimDisk,
  type VimMachine,
  type VimSnapshot,
} from '@sendense/platform-vmware';
import type { DecidedDisk, Decision } from './capture-plan.ts';
import { type Connection, GIVING_UP, type SourceContext, whenFree } from './context.ts';
import { type FreezeRequest, type Frozen, freeze, stun } from './freeze.ts';
import { removeOfCapture, undone } from './leftovers.ts';
import type { CheckedOptions } from './options.ts';
import { whyUntracked } from './prerequisites.ts';

/**
 * Why the change tracking of a machine is to begin anew, as a sentence; `undefined` where it is not. One that fails begins anew only
 * where that is wanted: each backup is a full until then. One of a disk of another size does so by `auto` too: it fails without a word.
 * A disk without a change id is no reason while others have one: they would lose what they have, and it may never get one.
 */
export function whyReset(
  options: CheckedOptions,
  machine: VimMachine,
  { disks }: Decision,
): string | undefined {
  const { track } = options;
  if (track === 'existing' || whyUntracked(machine, options) !== undefined) return undefined;
  const isBlind = disks.every(({ now }) => now.disk.changeId === undefined);
  const isWrong = ({ choice: { fault } }: DecidedDisk): boolean =>
    fault === 'outgrown' || (track === 'repair' && (isBlind || fault === 'broken'));
  const wrong = disks.find(isWrong);
  const changes = wrong?.choice.changes;
  return changes?.kind === 'full' ? `${wrong?.now.id}: ${changes.detail}` : undefined;
}

/** Disks whose change tracking began when they had another size, and goes on at the snapshot that holds them as `frozen`. */
export function stillOutgrown(
  { disks }: Decision,
  frozen: readonly Pick<VimDisk, 'key' | 'changeId'>[],
): ReadonlySet<DiskId> {
  const outgrown = disks.filter(({ now: { disk }, choice }) => {
    const changeId = frozen.find(({ key }) => key === disk.key)?.changeId;
    return choice.fault === 'outgrown' && isSameEpoch(disk.changeId, changeId);
  });
  return new Set(outgrown.map(({ now }) => now.id));
}

/** What is told of disks that {@link stillOutgrown} names. */
export function outgrownFindings(disks: ReadonlySet<DiskId>): readonly Finding[] {
  return [...disks].map((disk) => {
    const message = `${disk}: change tracking began when it had another size and is not trusted: each backup reads all of it until tracking was switched off and on again`;
    return { severity: 'warning', code: 'change-tracking-outgrown', message, disk };
  });
}

/** What a dry run tells of disks of another size. A capture looks for snapshots of others again. */
export function plannedReset(
  { track }: Pick<CheckedOptions, 'track'>,
  { snapshots: { snapshots } }: Pick<VimMachine, 'snapshots'>,
  { disks }: Decision,
): readonly Finding[] {
  const outgrown = disks.filter(({ choice }) => choice.fault === 'outgrown').map(({ now }) => now.id);
  if (outgrown.length === 0) return [];
  if (track === 'existing' || snapshots.length > 0) return outgrownFindings(new Set(outgrown));
  const message = `change tracking will be switched off and on again, because of another size of ${outgrown.join(', ')}: other backups of the machine read all of it once`;
  return [{ severity: 'info', code: 'change-tracking-reset', message }];
}

/** A capture whose change tracking is found broken. */
export type BrokenTracking = {
  readonly frozen: Frozen;
  /** As a sentence. */
  readonly why: string;
};

/**
 * Gives up the snapshot of a capture, switches change tracking off and on again, each made real by a snapshot that is taken and removed,
 * and takes another. Change ids of before are good for nothing then, those of other programs too. Over a snapshot of somebody else
 * nothing is switched, for that would have no effect: what is there then is a finding, and the snapshot of `frozen` stays where it was
 * not given up yet. When it rejects it leaves no snapshot; the context of the error tells as `trackingReset` that tracking was switched.
 */
export async function freezeAnew(
  context: SourceContext,
  connection: Connection,
  machine: VimMachine,
  request: FreezeRequest,
  { frozen, why }: BrokenTracking,
  call?: Call,
): Promise<Frozen> {
  const { object } = machine;
  let isSwitched = false;
  let others: readonly VimSnapshot[] = [];
  let between: readonly VimSnapshot[] = [];
  const tell = (error: unknown): unknown =>
    isSwitched && error instanceof SendenseError
      ? amendError(error, { effect: 'unknown', context: { trackingReset: why } })
      : error;
  try {
    throwIfAborted(call?.signal, 'begin-capture');
    const there = await othersOf(connection, object, frozen);
    if (there.length > 0) return withFinding(frozen, cannotReset(there, why));
    const remove = (task: TaskCall) => removeSnapshot(connection.vim, frozen.snapshot.object, task);
    await whenFree(context, remove, { signal: call?.signal });
    // that takes its time
    others = await othersOf(connection, object);
    throwIfAborted(call?.signal, 'begin-capture');
    if (others.length === 0) {
      const fields = { machine: object.id, why };
      context.log?.({ level: 'warn', message: 'change tracking is switched off and on again', fields });
      isSwitched = true;
      between = await switchOffAndOn(context, connection, machine, request);
    }
  } catch (error) {
    const undo = () => removeOfCapture(context, connection, object, request.id, GIVING_UP);
    throw tell(await undone(context, object, error, undo));
  }
  const anew = await freeze(context, connection, machine, request, call).catch((error: unknown) => {
    throw tell(error);
  });
  if (others.length > 0) return withFinding(anew, cannotReset(others, why));
  const told = withFinding(anew, wasReset(why));
  const isLate = between.length > 0 && anew.disks.some(({ changeId }) => changeId === undefined);
  return hasBegunAnew(frozen, anew) && !isLate ? told : withFinding(told, hadNoEffect(between, why));
}

/**
 * Resolves with the snapshots that somebody took meanwhile: over one what is switched comes into effect later. That they cannot be read
 * in between keeps nothing from switching tracking on again: they are read once more behind that. Nor does a cancel, so that it is not
 * left off; a task that stands still does.
 */
async function switchOffAndOn(
  context: SourceContext,
  connection: Connection,
  machine: VimMachine,
  request: FreezeRequest,
): Promise<readonly VimSnapshot[]> {
  const seen = new Map<string, VimSnapshot>();
  for (const enabled of [false, true]) {
    const set = (task: TaskCall) => setChangeTracking(connection.vim, machine.object, enabled, task);
    await whenFree(context, set, GIVING_UP);
    await stun(context, connection, machine, request, GIVING_UP);
    const others = await othersOf(connection, machine.object).catch((error: unknown) => {
      if (enabled) throw error;
      return [];
    });
    for (const other of others) seen.set(other.object.id, other);
  }
  return [...seen.values()];
}

/** Snapshots of the machine as they are now, besides the one of `frozen`. */
async function othersOf(
  { vim }: Connection,
  machine: ManagedObject,
  frozen?: Frozen,
): Promise<readonly VimSnapshot[]> {
  const { snapshots } = await readSnapshots(vim, machine);
  return snapshots.filter(({ object }) => object.id !== frozen?.snapshot.object.id);
}

/** Whether no disk has the epoch that it had. */
function hasBegunAnew(before: Frozen, anew: Frozen): boolean {
  return anew.disks.every(({ key, changeId }) => {
    const old = before.disks.find((disk) => disk.key === key)?.changeId;
    return !isSameEpoch(old, changeId);
  });
}

function isSameEpoch(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return parseChangeId(one).epoch === parseChangeId(other).epoch;
}

function withFinding(frozen: Frozen, finding: Finding): Frozen {
  return { ...frozen, findings: [finding, ...frozen.findings] };
}

function cannotReset(snapshots: readonly VimSnapshot[], why: string): Finding {
  const message = `change tracking is to begin anew and cannot over ${snapshots.length} snapshots (${namesOf(snapshots)}): remove them once (${why})`;
  return { severity: 'warning', code: 'change-tracking-broken', message };
}

function hadNoEffect(between: readonly VimSnapshot[], why: string): Finding {
  const effect =
    between.length === 0
      ? 'goes on as before: look at the tracking files of the machine'
      : `comes into effect later, for snapshots were taken meanwhile (${namesOf(between)}): remove them once`;
  const message = `change tracking was switched off and on again and ${effect} (${why})`;
  return { severity: 'warning', code: 'change-tracking-broken', message };
}

function namesOf(snapshots: readonly VimSnapshot[]): string {
  return snapshots
    .slice(0, 8)
    .map(({ name }) => `"${name.slice(0, 80)}"`)
    .join(', ');
}

function wasReset(why: string): Finding {
  const message = `change tracking was switched off and on again; other backups of the machine read all of it once (${why})`;
  return { severity: 'warning', code: 'change-tracking-reset', message };
}
