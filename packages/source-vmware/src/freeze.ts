import {
  type Call,
  type CaptureRequest,
  type Consistency,
  consistencySatisfies,
  type Finding,
  SendenseError,
} from '@sendense/core';
import {
  createSnapshot,
  type ManagedObject,
  readSnapshotDisks,
  readSnapshots,
  removeSnapshot,
  setChangeTracking,
  type TaskCall,
  type VimDisk,
  type VimMachine,
  type VimSnapshot,
} from '@sendense/platform-vmware';
import { tooWeak, wantsRest, weakened } from './consistency.ts';
import { type Connection, GIVING_UP, type Patience, type SourceContext, whenFree } from './context.ts';
import { belowOurs, nameOf, removeOfCapture, snapshotText, undone } from './leftovers.ts';
import { whySkipped, whyUntracked } from './prerequisites.ts';

/** The disks of a machine at the instant of a snapshot. */
export type Frozen = {
  readonly at: Date;
  readonly snapshot: VimSnapshot;
  /** The nearest snapshot of somebody else that it stands on. */
  readonly below: VimSnapshot | undefined;
  readonly disks: readonly VimDisk[];
  readonly consistency: Consistency;
  readonly findings: readonly Finding[];
};

/** What a machine is frozen for. */
export type FreezeRequest = Pick<CaptureRequest, 'id' | 'stream' | 'consistency'>;

/** Tells of a change of the machine that stays. */
const SWITCHED_ON: Finding = {
  severity: 'info',
  code: 'change-tracking-enabled',
  message: 'change tracking of the machine was switched on; the next backup reads only what changed',
};

/**
 * Takes the snapshot of a capture, with change tracking on where it can be. The caller holds the machine. When it rejects it leaves
 * nothing behind; else the effect of the error is `unknown`, and its context says what is left, as far as that can be seen: a task that
 * was not waited for may make it later. Rejects with `QUIESCE_FAILED` below what is accepted, `SNAPSHOT_FAILED`, `LOCKED`, `NO_SPACE`,
 * `ABORTED`, and `TIMEOUT` for a task that stands still.
 */
export async function freeze(
  context: SourceContext,
  connection: Connection,
  machine: VimMachine,
  request: FreezeRequest,
  call?: Call,
): Promise<Frozen> {
  try {
    const switched = await track(context, connection, machine, request, call);
    const first = await take(context, connection, machine, request, call);
    const frozen = isBlind(context, machine, first)
      ? await takeAgain(context, connection, machine, request, first, call)
      : first;
    return { ...frozen, findings: [...switched, ...frozen.findings] };
  } catch (error) {
    // a task whose end is not known may still have made it
    throw await undone(context, machine.object, error, () =>
      removeOfCapture(context, connection, machine.object, request.id, GIVING_UP),
    );
  }
}

/** Switches change tracking on where it is off and can be. */
async function track(
  context: SourceContext,
  { vim }: Connection,
  machine: VimMachine,
  request: FreezeRequest,
  call?: Call,
): Promise<readonly Finding[]> {
  const { object, changeTracking } = machine;
  if (changeTracking.enabled || whyUntracked(machine, context.options) !== undefined) return [];
  const patience = { signal: call?.signal };
  await whenFree(context, (task) => setChangeTracking(vim, object, true, task), patience);
  await stun(context, { vim }, machine, request, patience);
  return [SWITCHED_ON];
}

/**
 * Takes a snapshot and removes it: what changes the tracking of a machine, also of one that is off, takes effect only with the next of
 * these (API reference, `changeTrackingEnabled`). One that runs stands still for a moment.
 */
export async function stun(
  context: SourceContext,
  { vim }: Pick<Connection, 'vim'>,
  { object }: VimMachine,
  request: FreezeRequest,
  patience: Patience,
): Promise<void> {
  const moment = await snap(context, vim, object, request, { quiesce: false, patience });
  await whenFree(context, (task) => removeSnapshot(vim, moment, task), patience);
}

/** Whether tracking is on and the disks show none: it was switched on, and the machine has not stood still since. */
function isBlind({ options }: SourceContext, machine: VimMachine, { disks }: Frozen): boolean {
  if (whyUntracked(machine, options) !== undefined || machine.snapshots.snapshots.length > 0) return false;
  const tracked = disks.filter((disk) => whySkipped(disk) === undefined);
  return tracked.length > 0 && tracked.every(({ changeId }) => changeId === undefined);
}

async function takeAgain(
  context: SourceContext,
  connection: Connection,
  machine: VimMachine,
  request: FreezeRequest,
  { snapshot }: Frozen,
  call?: Call,
): Promise<Frozen> {
  const remove = (task: TaskCall) => removeSnapshot(connection.vim, snapshot.object, task);
  await whenFree(context, remove, { signal: call?.signal });
  return take(context, connection, machine, request, call);
}

async function take(
  context: SourceContext,
  connection: Connection,
  machine: VimMachine,
  request: FreezeRequest,
  call?: Call,
): Promise<Frozen> {
  const { vim } = connection;
  const { consistency } = request;
  const at = context.clock.now();
  const { object, failure } = await snapAtRest(context, connection, machine, request, call);
  const tree = await readSnapshots(vim, machine.object);
  const snapshot = tree.snapshots.find((candidate) => candidate.object.id === object.id);
  if (snapshot === undefined || nameOf(snapshot) === undefined) throw vanished(object);
  const obtained: Consistency = snapshot.quiesced && wantsRest(consistency, machine) ? 'filesystem' : 'crash';
  const why =
    failure ?? (machine.power === 'on' ? 'VMware Tools did not bring the guest to rest' : 'it does not run');
  if (!consistencySatisfies(obtained, consistency.accept)) throw tooWeak(obtained, consistency.accept, why);
  const disks = await readSnapshotDisks(vim, object);
  // somebody may have taken another since the machine was read, or on top of ours
  const below = belowOurs(tree, object);
  return {
    at,
    snapshot,
    below,
    disks,
    consistency: obtained,
    findings: weakened(consistency, obtained, why),
  };
}

/** With the guest at rest where that is wanted, tried twice; without where that is accepted. */
async function snapAtRest(
  context: SourceContext,
  { vim }: Connection,
  machine: VimMachine,
  request: FreezeRequest,
  call?: Call,
): Promise<{ readonly object: ManagedObject; readonly failure?: string }> {
  const patience = { signal: call?.signal };
  const at = (quiesce: boolean) => snap(context, vim, machine.object, request, { quiesce, patience });
  if (!wantsRest(request.consistency, machine)) return { object: await at(false) };
  const again = (error: unknown): Promise<ManagedObject> => {
    if (!SendenseError.is(error, 'QUIESCE_FAILED')) throw error;
    return at(true);
  };
  try {
    return { object: await at(true).catch(again) };
  } catch (error) {
    if (!SendenseError.is(error, 'QUIESCE_FAILED') || request.consistency.accept !== 'crash') throw error;
    return { object: await at(false), failure: error.message };
  }
}

async function snap(
  context: SourceContext,
  vim: Connection['vim'],
  machine: ManagedObject,
  { id: capture, stream }: FreezeRequest,
  { quiesce, patience }: { readonly quiesce: boolean; readonly patience: Patience },
): Promise<ManagedObject> {
  const text = snapshotText({ capture, stream, at: context.clock.now() });
  const create = (task: TaskCall) => createSnapshot(vim, machine, { ...text, quiesce }, task);
  return whenFree(context, create, patience);
}

function vanished({ id }: ManagedObject): SendenseError {
  return new SendenseError('INSTANT_LOST', `the snapshot ${id} was removed or renamed while it was begun`, {
    operation: 'begin-capture',
    context: { snapshot: id },
    remedy: 'repeat the backup, and keep other programs from the snapshots of backups',
  });
}
