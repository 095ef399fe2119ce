import {
  type BackupKind,
  type Capture,
  type Consistency,
  type DiskId,
  type DraftDisk,
  type PointDraft,
  type PointId,
  type PointWriter,
  SendenseError,
} from '@sendense/core';
import type { BackupRun } from './backup-run.ts';
import type { PlannedDiskCopy } from './plan-disks.ts';
import type { StreamHistory } from './stream-history.ts';

/** What a point is made from. */
export type PointGround = {
  readonly capture: Capture;
  readonly plans: ReadonlyMap<DiskId, PlannedDiskCopy>;
  readonly history: StreamHistory;
  readonly consistency: Consistency;
  /** Left out on request: named in the record even where the source does not. */
  readonly excluded: readonly DiskId[];
};

/** `full` when every disk is full; else what was asked for. */
export function kindOf(plans: Iterable<Pick<PlannedDiskCopy, 'kind'>>, type: BackupRun['type']): BackupKind {
  if ([...plans].every((plan) => plan.kind === 'full')) return 'full';
  return type === 'differential' ? 'differential' : 'incremental';
}

/** The draft of the point: sequence, bases, reasons, and every finding so far. */
export function draftPoint(run: BackupRun, id: PointId, ground: PointGround): PointDraft {
  const { capture, plans, history, consistency, excluded } = ground;
  const { job, request } = run;
  const disks = capture.disks.map((view): DraftDisk => {
    const plan = plans.get(view.id);
    const { slot, sizeBytes, sectorBytes } = view;
    return {
      id: view.id,
      slot,
      sizeBytes,
      sectorBytes,
      base: plan === undefined || plan.kind === 'full' ? null : plan.base.id,
      reason: plan?.kind === 'full' ? plan.reason : null,
    };
  });
  const unnamed = excluded.filter((disk) => !capture.skipped.some((skipped) => skipped.id === disk));
  return {
    id,
    instant: capture.instant.id,
    at: capture.instant.at,
    machine: run.machineKey,
    stream: run.stream,
    sequence: history.nextSequence,
    kind: kindOf(plans.values(), run.type),
    spec: capture.spec,
    consistency,
    disks,
    skipped: [...capture.skipped, ...unnamed.map((disk) => ({ id: disk, reason: 'excluded on request' }))],
    findings: [...job.findings],
    ...(request.note !== undefined && { note: request.note }),
  };
}

/** Begins the point; `null` when a base disappeared since it was chosen, so that fulls must be taken. */
export async function beginPoint(run: BackupRun, draft: PointDraft): Promise<PointWriter | null> {
  try {
    return await run.repository.begin(draft, run.context.fence, { signal: run.job.signal });
  } catch (error) {
    if (SendenseError.is(error, 'PARENT_MISSING') && draft.disks.some((disk) => disk.base !== null))
      return null;
    throw error;
  }
}

/** The same plans with every increment turned into a full: its base is gone. */
export function plansWithoutBases(
  plans: ReadonlyMap<DiskId, PlannedDiskCopy>,
): ReadonlyMap<DiskId, PlannedDiskCopy> {
  return new Map(
    [...plans].map(([disk, plan]) => [
      disk,
      plan.kind === 'full'
        ? plan
        : { kind: 'full', reason: 'parent-missing', detail: 'the base was removed meanwhile' },
    ]),
  );
}
