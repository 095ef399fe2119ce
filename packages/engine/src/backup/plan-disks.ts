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
import { SendenseError } from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { comparePieces } from '../compare/compare-pieces.ts';
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

/** A base that nothing can be compared with: the content is then taken whole. */
const UNREADABLE: ReadonlySet<string> = new Set(['NOT_FOUND', 'PARENT_MISSING', 'CORRUPT']);

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
      const { id } = decision.base;
      const reader = open.get(id) ?? (await openBase(ground.repository, id, call));
      if (reader !== null) open.set(id, reader);
      const baseReader = reader?.disks.find((disk) => disk.id === answer.id)?.reader;
      disks.set(answer.id, await planComparison(decision, reader, baseReader, call));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { disks, [Symbol.asyncDispose]: close };
}

/** A comparison with the base, or a full where the base is gone or keeps no digests. */
async function planComparison(
  decision: Extract<DiskDecision, { kind: 'compare' }>,
  base: PointReader | null,
  baseReader: BlockReader | undefined,
  call: Call,
): Promise<PlannedDiskCopy> {
  const { reason, detail } = decision;
  if (base === null)
    return {
      kind: 'full',
      reason: 'parent-missing',
      detail: `point ${decision.base.id} was removed meanwhile, or is damaged`,
    };
  if (baseReader?.digests === undefined) return { kind: 'full', reason, detail };
  const options = { blake3: await loadBlake3(), beyondEnd: 'different' } as const;
  return { ...decision, baseReader, comparison: comparePieces(baseReader, options, call) };
}

/** `null` when the point was removed since the history was read, or is damaged. */
async function openBase(repository: Repository, point: PointId, call: Call): Promise<PointReader | null> {
  try {
    return await repository.open(point, call);
  } catch (error) {
    if (SendenseError.is(error) && UNREADABLE.has(error.code)) return null;
    throw error;
  }
}
