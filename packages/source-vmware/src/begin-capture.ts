import {
  type Call,
  type Capture,
  type CaptureRequest,
  type DiskId,
  type DiskView,
  type Finding,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { type ManagedObject, machineSpecOf, type VimDisk, type VimMachine } from '@sendense/platform-vmware';
import { type Decision, decide, disksAt, type MachineView } from './capture-plan.ts';
import { checkConsistency } from './consistency.ts';
import { type Connection, GIVING_UP, type SourceContext } from './context.ts';
import { openView } from './disk/open-view.ts';
import { type Frozen, freeze } from './freeze.ts';
import { removeOfCapture, removeSnapshots, undone } from './leftovers.ts';
import { describeRef } from './machine.ts';
import { readArtifacts } from './machine-artifacts.ts';
import { readMachineTags } from './machine-tags.ts';
import { checkSnapshots, snapshotFindings } from './prerequisites.ts';
import { freezeAnew, outgrownFindings, stillOutgrown, whyReset } from './reset-tracking.ts';
import { createSnapshotExport } from './transport/snapshot-export.ts';
import { vmwareCapture } from './vmware-capture.ts';

/** Freezes the machine of `request`. `closed` is told when the capture is closed. When it rejects it leaves nothing, or says what. */
export async function beginCapture(
  context: SourceContext,
  request: CaptureRequest,
  closed: (capture: Capture) => void,
  call?: Call,
): Promise<Capture> {
  const connection = await context.connect(call);
  const { machine } = await describeRef(connection, request.machine, call);
  return context.exclusively(
    machine.object,
    () => captureHeld(context, connection, request, closed, call),
    call,
  );
}

/** As {@link beginCapture}; the caller holds the machine. */
async function captureHeld(
  context: SourceContext,
  connection: Connection,
  request: CaptureRequest,
  closed: (capture: Capture) => void,
  call?: Call,
): Promise<Capture> {
  const { options, clock } = context;
  const first = await describeRef(connection, request.machine, call);
  await removeLeftovers(context, connection, first.machine.object, request, call);
  const { machine, names } = await describeRef(connection, request.machine, call);
  checkConsistency(request.consistency, machine);
  checkSnapshots(machine, options);
  throwIfAborted(call?.signal, 'begin-capture');
  const { frozen, decision, disks, outgrown } = await start(context, connection, request, machine, call);
  const opened: DiskView[] = [];
  try {
    const told: Finding[] = [];
    const snapshot = frozen.snapshot.object;
    const exports = createSnapshotExport(context, connection.vim, snapshot);
    const place = { machine: machine.object, host: machine.host, snapshot, exports };
    for (const decided of decision.disks) {
      const { view, findings: ways } = await openView(context, connection, decided, place, call);
      opened.push(view);
      told.push(...ways);
    }
    const { artifacts, findings: unread } = await readArtifacts(connection, machine, call);
    const { tags, findings: untagged } = await readMachineTags(connection, machine.object, call);
    const findings = [
      ...decision.findings,
      ...unread,
      ...untagged,
      ...told,
      ...frozen.findings,
      ...outgrownFindings(outgrown),
      ...snapshotFindings(machine, options, clock.now()),
    ];
    const spec = machineSpecOf({ ...machine, disks }, names, tags);
    const parts = {
      request,
      machine,
      spec,
      decision: { ...decision, findings },
      frozen,
      outgrown,
      disks: opened,
      artifacts,
      closed,
    };
    return vmwareCapture(context, connection, parts);
  } catch (error) {
    await Promise.allSettled(opened.map(({ reader }) => reader[Symbol.asyncDispose]()));
    throw await undone(context, machine.object, error, () =>
      removeSnapshots(context, connection, machine.object, [frozen.snapshot], GIVING_UP),
    );
  }
}

/** A machine at its snapshot, and what is done with each disk. */
type Started = {
  readonly frozen: Frozen;
  readonly decision: Decision;
  readonly disks: readonly VimDisk[];
  /** Whose change tracking is not to be built on. */
  readonly outgrown: ReadonlySet<DiskId>;
};

/** Freezes the machine and decides; anew where its change tracking is broken and may be repaired. Leaves nothing when it rejects. */
async function start(
  context: SourceContext,
  connection: Connection,
  request: CaptureRequest,
  machine: VimMachine,
  call?: Call,
): Promise<Started> {
  const frozen = await freeze(context, connection, machine, request, call);
  const first = await decideAt(context, connection, request, { machine, frozen }, call);
  const { decision: before } = first;
  const why = whyReset(context.options, machine, before);
  if (why === undefined) return { ...first, outgrown: stillOutgrown(before, frozen.disks) };
  const anew = await freezeAnew(context, connection, machine, request, { frozen, why }, call);
  const outgrown = stillOutgrown(before, anew.disks);
  if (anew.snapshot === frozen.snapshot) return { ...first, frozen: anew, outgrown };
  return {
    ...(await decideAt(context, connection, request, { machine, frozen: anew, before }, call)),
    outgrown,
  };
}

async function decideAt(
  context: SourceContext,
  { vim }: Connection,
  request: CaptureRequest,
  at: Pick<MachineView, 'machine' | 'before'> & { readonly frozen: Frozen },
  call?: Call,
): Promise<Omit<Started, 'outgrown'>> {
  const { machine, frozen } = at;
  try {
    throwIfAborted(call?.signal, 'begin-capture');
    const disks = disksAt(machine, frozen.disks);
    const { snapshot, below } = frozen;
    const decision = await decide(context, vim, request, { ...at, disks, snapshot, below }, call);
    return { frozen, decision, disks };
  } catch (error) {
    throw await undone(context, machine.object, error, () =>
      removeSnapshots(context, { vim }, machine.object, [frozen.snapshot], GIVING_UP),
    );
  }
}

/** Longer than the time-out of a lease, which is 5 minutes, and than the wait between two looks. */
const LEASE_ENDS_MS = 330_000;

/**
 * What an earlier call with this id left is removed, never gone on with. Where its process was killed while it held an export lease,
 * the snapshot is locked until that has timed out.
 */
async function removeLeftovers(
  context: SourceContext,
  connection: Connection,
  machine: ManagedObject,
  request: CaptureRequest,
  call?: Call,
): Promise<void> {
  const patience = { forMs: LEASE_ENDS_MS, signal: call?.signal };
  const { findings } = await removeOfCapture(context, connection, machine, request.id, patience);
  throwIfAborted(call?.signal, 'begin-capture');
  const [left] = findings;
  if (left === undefined) return;
  throw new SendenseError('CONFLICT', left.message, {
    operation: 'begin-capture',
    remedy: 'an earlier call with this capture id left it; repeat with a new id, and reconcile later',
  });
}
