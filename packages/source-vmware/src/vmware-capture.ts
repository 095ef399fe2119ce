import {
  type Artifact,
  type Call,
  type Capture,
  type CaptureRequest,
  type DiskId,
  type DiskView,
  type InstantId,
  instantId,
  type MachineSpec,
  type ReconcileReport,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { readSnapshotDisks, readSnapshots, type VimMachine } from '@sendense/platform-vmware';
import { createCapture, type SealedCapture } from '@sendense/plugin-kit/baselines';
import { type Baseline, createState } from './baseline-state.ts';
import type { Decision } from './capture-plan.ts';
import { type Connection, GIVING_UP, type Patience, type SourceContext } from './context.ts';
import { checkSameChain } from './disk/same-chain.ts';
import type { Frozen } from './freeze.ts';
import { removeSnapshots } from './leftovers.ts';

/** What a capture starts from. */
export type CaptureParts = {
  readonly request: CaptureRequest;
  /** As it was before the snapshot. */
  readonly machine: VimMachine;
  readonly spec: MachineSpec;
  readonly decision: Decision;
  readonly frozen: Frozen;
  /** Whose change tracking is not to be built on: the next backup is a full of them too. */
  readonly outgrown: ReadonlySet<DiskId>;
  readonly disks: readonly DiskView[];
  readonly artifacts: readonly Artifact[];
  /** Told when the capture is closed. */
  readonly closed: (capture: Capture) => void;
};

/** A machine at its snapshot. The change ids of the snapshot are the new baseline: there is nothing to give up but the snapshot. */
export function vmwareCapture(context: SourceContext, connection: Connection, parts: CaptureParts): Capture {
  const { decision, frozen, disks, artifacts, spec, closed } = parts;
  const id = instantId(context.random.uuid());
  const letGo = createRelease(context, connection, parts);
  const seal = async (call?: Call): Promise<SealedCapture> => {
    await checkInstant(connection, parts, call);
    const { findings } = await letGo({ signal: call?.signal });
    throwIfAborted(call?.signal, 'seal-capture');
    return { state: stateOf(parts, id), findings };
  };
  return createCapture(
    {
      instant: { id, at: frozen.at },
      consistency: frozen.consistency,
      spec,
      disks,
      skipped: decision.skipped,
      artifacts,
      findings: decision.findings,
      otherBaselines: 0,
    },
    { seal, closed, release: async () => void (await letGo(GIVING_UP)), abandon: async () => undefined },
  );
}

/** Closes the disks and removes the snapshot; when that failed, it is tried once more by the next call. */
function createRelease(
  context: SourceContext,
  connection: Connection,
  { machine: { object }, frozen: { snapshot }, disks }: CaptureParts,
): (patience: Patience) => Promise<ReconcileReport> {
  let done: Promise<ReconcileReport> | undefined;
  const run = async (patience: Patience): Promise<ReconcileReport> => {
    await Promise.allSettled(disks.map(({ reader }) => reader[Symbol.asyncDispose]()));
    const report = await context.exclusively(object, () =>
      removeSnapshots(context, connection, object, [snapshot], patience),
    );
    if (report.findings.length > 0) done = undefined;
    return report;
  };
  return (patience) => {
    done ??= run(patience);
    return done;
  };
}

/** Whoever removes the snapshot, or one below, has its disks merged: what was read after that is of no instant. */
async function checkInstant(
  { vim }: Connection,
  { machine, decision, frozen: { snapshot } }: CaptureParts,
  call?: Call,
): Promise<void> {
  const { snapshots } = await readSnapshots(vim, machine.object, call);
  if (!snapshots.some(({ object }) => object.id === snapshot.object.id)) {
    throw new SendenseError('INSTANT_LOST', `the snapshot ${snapshot.name} was removed while it was read`, {
      operation: 'seal-capture',
      context: { snapshot: snapshot.object.id, machine: machine.object.id },
      remedy: 'repeat the backup, and keep other programs from the snapshots of backups',
    });
  }
  const chained = decision.disks.filter(({ now: { disk } }) => disk.parents.length > 0);
  if (chained.length === 0) return;
  const disks = await readSnapshotDisks(vim, snapshot.object, call);
  for (const { now } of chained) {
    const found = disks.find(({ key }) => key === now.disk.key);
    checkSameChain(now.disk, found, snapshot.object);
  }
}

/** The change ids of the snapshot, of the disks that have one. */
function stateOf(
  { request, decision, frozen, outgrown }: CaptureParts,
  instant: InstantId,
): SealedCapture['state'] {
  const origin = { instant, machine: request.machine, stream: request.stream };
  const below = frozen.below?.object.id ?? null;
  const takenAt = frozen.snapshot.createdAt?.getTime() ?? null;
  const baselines = new Map<DiskId, Baseline>();
  for (const { now } of decision.disks) {
    const { changeId, sizeBytes } = now.disk;
    if (changeId === undefined || now.untracked !== undefined) continue;
    baselines.set(now.id, { changeId, sizeBytes, below, takenAt, isOutgrown: outgrown.has(now.id) });
  }
  return baselines.size === 0 ? null : createState(origin, baselines);
}
