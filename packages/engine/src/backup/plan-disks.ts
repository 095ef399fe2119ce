import type {
  BlockReader,
  Call,
  DiskId,
  PointId,
  PointReader,
  Repository,
  SourceCapabilities,
  UnchangedPieces,
} from '@sendense/core';
import { fullReasonText, SendenseError } from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { comparePieces } from '../compare/compare-pieces.ts';
import type { Job } from '../events/job.ts';
import type { BackupType } from './backup-request.ts';
import { type DiskAnswer, type DiskDecision, decideDisk } from './decide-disk.ts';
import type { StreamHistory } from './stream-history.ts';

/** A decision with what it needs to be carried out. */
export type PlannedDiskCopy =
  | Extract<DiskDecision, { kind: 'full' | 'delta' }>
  | (Extract<DiskDecision, { kind: 'compare' }> & {
      readonly comparison: UnchangedPieces;
      readonly baseReader: BlockReader;
    });

/** The decisions of all disks, and the points that are open for them. */
export type DiskPlans = AsyncDisposable & { readonly disks: ReadonlyMap<DiskId, PlannedDiskCopy> };

/** What the decisions rest on. */
export type PlanGround = {
  readonly type: BackupType;
  readonly history: StreamHistory;
  readonly source: SourceCapabilities;
  readonly repository: Repository;
};

/** Decides every disk, opening the base points whose digests are compared with. Dispose closes them. */
export async function planDisks(
  answers: readonly DiskAnswer[],
  ground: PlanGround,
  call: Call,
): Promise<DiskPlans> {
  const open = new Map<PointId, PointReader>();
  const close = async (): Promise<void> => {
    for (const reader of open.values()) await reader[Symbol.asyncDispose]();
  };
  const present = new Set(answers.map((answer) => answer.id));
  const disks = new Map<DiskId, PlannedDiskCopy>();
  try {
    for (const answer of answers) {
      const decision = decideDisk(answer, { ...ground, repository: ground.repository.capabilities, present });
      if (decision.kind !== 'compare') {
        disks.set(answer.id, decision);
        continue;
      }
      const { base } = decision;
      const reader = open.get(base.id) ?? (await openBase(ground.repository, base.id, call));
      if (reader === null) {
        const detail = `point ${base.id} was removed meanwhile`;
        disks.set(answer.id, { kind: 'full', reason: 'parent-missing', detail });
        continue;
      }
      open.set(base.id, reader);
      const baseReader = reader.disks.find((disk) => disk.id === answer.id)?.reader;
      if (baseReader?.digests === undefined) {
        disks.set(answer.id, { kind: 'full', reason: decision.reason, detail: decision.detail });
        continue;
      }
      const options = { blake3: await loadBlake3(), beyondEnd: 'different' } as const;
      disks.set(answer.id, { ...decision, baseReader, comparison: comparePieces(baseReader, options, call) });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { disks, [Symbol.asyncDispose]: close };
}

/** `null` when the point was removed since the history was read. */
async function openBase(repository: Repository, point: PointId, call: Call): Promise<PointReader | null> {
  try {
    return await repository.open(point, call);
  } catch (error) {
    if (SendenseError.is(error, 'NOT_FOUND')) return null;
    throw error;
  }
}

/** Says every disk that is full although an increment could be expected. */
export function reportFulls(job: Job, plans: DiskPlans['disks'], history: StreamHistory): void {
  for (const [disk, plan] of plans) {
    if (plan.kind !== 'full' || plan.reason === 'requested') continue;
    const detail = plan.detail === '' ? '' : ` (${plan.detail})`;
    const first = plan.reason === 'first-backup';
    if (first && history.newest === undefined) continue;
    job.report({
      severity: first ? 'info' : 'warning',
      code: first ? 'disk-added' : 'full-instead-of-incremental',
      message: `a full of this disk is taken: ${fullReasonText(plan.reason)}${detail}`,
      disk,
    });
  }
}

/** Rejects when an increment was asked for and a disk that was backed up before can only be full. */
export function refuseUnwantedFull(
  request: { readonly type: BackupType; readonly allowFull: boolean },
  plans: DiskPlans['disks'],
  history: StreamHistory,
): void {
  if (request.type !== 'incremental' || request.allowFull) return;
  const first = history.newest === undefined;
  for (const [disk, plan] of plans) {
    if (plan.kind !== 'full' || (plan.reason === 'first-backup' && !first)) continue;
    throw new SendenseError(
      first || plan.reason === 'parent-missing' ? 'PARENT_MISSING' : 'CHANGE_TRACKING_LOST',
      `disk ${disk} can only be backed up in full: ${fullReasonText(plan.reason)}`,
      {
        operation: 'decide-backup',
        remedy: 'allow a full (--allow-full), or ask for type "auto" or "full"',
        context: { disk, reason: plan.reason },
      },
    );
  }
}
