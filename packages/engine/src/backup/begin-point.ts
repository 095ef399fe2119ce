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

/** Why the bases that were chosen cannot be built on after all. */
export type BaseRefusal = {
  readonly reason: 'parent-missing' | 'repository-requires';
  readonly detail: string;
};

/**
 * What a repository says of a base: removed meanwhile, damaged, or at the end of what it takes in one chain. All of these
 * would be said again by every later run, so that a schedule would never back the machine up any more.
 */
const BASE_REFUSALS = {
  PARENT_MISSING: 'parent-missing',
  CORRUPT: 'parent-missing',
  UNSUPPORTED: 'repository-requires',
} as const;

/** Why a base cannot be built on, as `error` tells it; `undefined` where it tells of something else. */
export function baseRefusal(error: unknown): BaseRefusal | undefined {
  if (!SendenseError.is(error)) return undefined;
  const reason = (BASE_REFUSALS as Partial<Record<string, BaseRefusal['reason']>>)[error.code];
  return reason === undefined ? undefined : { reason, detail: error.message };
}

/** Begins the point, or tells why it cannot build on its bases, so that fulls must be taken. */
export async function beginPoint(
  run: Pick<BackupRun, 'context' | 'job' | 'repository'>,
  draft: PointDraft,
): Promise<PointWriter | BaseRefusal> {
  try {
    return await run.repository.begin(draft, run.context.fence, { signal: run.job.signal });
  } catch (error) {
    const refusal = draft.disks.some((disk) => disk.base !== null) ? baseRefusal(error) : undefined;
    if (refusal === undefined) throw error;
    return refusal;
  }
}

/** The same plans with every increment turned into a full. */
export function plansWithoutBases(
  plans: ReadonlyMap<DiskId, PlannedDiskCopy>,
  refusal: BaseRefusal,
): ReadonlyMap<DiskId, PlannedDiskCopy> {
  return new Map(
    [...plans].map(([disk, plan]) => [disk, plan.kind === 'full' ? plan : { kind: 'full', ...refusal }]),
  );
}
