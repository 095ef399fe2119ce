import type {
  DiskId,
  DiskSlot,
  FullReason,
  InstantId,
  RepositoryCapabilities,
  SourceCapabilities,
} from '@sendense/core';
import type { BackupType } from './backup-request.ts';
import type { KnownPoint, StreamHistory } from './stream-history.ts';

/** What the source says of one disk, in a capture or in a plan. */
export type DiskAnswer = {
  readonly id: DiskId;
  readonly slot: DiskSlot | undefined;
  readonly sizeBytes: number;
  readonly changes:
    | { readonly kind: 'incremental'; readonly since: InstantId }
    | { readonly kind: 'full'; readonly reason: FullReason; readonly detail: string };
};

/** What becomes of one disk. */
export type DiskDecision =
  | { readonly kind: 'full'; readonly reason: FullReason; readonly detail: string }
  | { readonly kind: 'delta'; readonly base: KnownPoint }
  /** All is read; only pieces whose digest differs from the base's are stored. Full for `reason` where it has none. */
  | {
      readonly kind: 'compare';
      readonly base: KnownPoint;
      readonly reason: FullReason;
      readonly detail: string;
    };

/** What a decision rests on. */
export type DecisionGround = {
  readonly type: BackupType;
  readonly history: StreamHistory;
  readonly source: SourceCapabilities;
  readonly repository: RepositoryCapabilities;
  /** The disks of this capture, to tell a replaced disk from an added one. */
  readonly present: ReadonlySet<DiskId>;
};

/** Full only for lack of usable tracking: the content itself can still be compared. */
const COMPARABLE: ReadonlySet<string> = new Set<FullReason>([
  'no-change-tracking',
  'tracking-lost',
  'tracking-inconsistent',
  'state-expired',
  'state-unreadable',
]);

/** Decides full, delta or comparison, and on which point; never assumes an increment that the source did not answer. */
export function decideDisk(answer: DiskAnswer, ground: DecisionGround): DiskDecision {
  const { changes } = answer;
  if (ground.type === 'full') return { kind: 'full', reason: 'requested', detail: '' };
  if (changes.kind === 'incremental') {
    const base = ground.history.holding(changes.since, answer.id);
    const obstacle =
      base === undefined
        ? { reason: 'parent-missing', detail: `no point holds the instant ${changes.since} of this disk` }
        : baseObstacle(answer, base, ground);
    if (base !== undefined && obstacle === null) return { kind: 'delta', base };
    return { kind: 'full', reason: obstacle?.reason ?? 'parent-missing', detail: obstacle?.detail ?? '' };
  }
  const reason = trueReason(answer, changes.reason, ground);
  const base =
    ground.type === 'differential'
      ? fullPointWith(answer.id, ground.history)
      : ground.history.latestWith(answer.id);
  if (base === undefined || !COMPARABLE.has(reason)) return { kind: 'full', reason, detail: changes.detail };
  const obstacle = baseObstacle(answer, base, ground);
  if (obstacle !== null) return { kind: 'full', ...obstacle };
  return { kind: 'compare', base, reason, detail: changes.detail };
}

type Obstacle = { readonly reason: FullReason; readonly detail: string };

/** Why the repository cannot take a delta of this disk on `base`; `null` when it can. */
function baseObstacle(answer: DiskAnswer, base: KnownPoint, ground: DecisionGround): Obstacle | null {
  const { incremental, growDisk, branching } = ground.repository;
  const was = base.disks.get(answer.id)?.sizeBytes ?? 0;
  if (!incremental) return { reason: 'repository-requires', detail: 'the repository keeps fulls only' };
  if (answer.sizeBytes < was || (answer.sizeBytes > was && !growDisk))
    return { reason: 'disk-resized', detail: `it had ${was} bytes and has ${answer.sizeBytes}` };
  if (!branching && ground.history.hasChild(base.id, answer.id))
    return { reason: 'repository-requires', detail: `another point already builds on ${base.id}` };
  return null;
}

/** The reason as the stream knows it: a source sees its baselines, not the points at the destination. */
function trueReason(answer: DiskAnswer, reason: FullReason, ground: DecisionGround): FullReason {
  if (ground.history.latestWith(answer.id) === undefined)
    return replacesDisk(answer, ground) ? 'disk-replaced' : 'first-backup';
  if (reason !== 'first-backup') return reason;
  return ground.source.tracking ? 'tracking-lost' : 'no-change-tracking';
}

function replacesDisk(answer: DiskAnswer, ground: DecisionGround): boolean {
  const { slot } = answer;
  return (
    slot !== undefined &&
    (ground.history.newest?.disks ?? []).some(
      (disk) =>
        !ground.present.has(disk.id) &&
        disk.slot.bus === slot.bus &&
        disk.slot.controller === slot.controller &&
        disk.slot.unit === slot.unit,
    )
  );
}

function fullPointWith(disk: DiskId, history: StreamHistory): KnownPoint | undefined {
  return history.lastFull === undefined ? undefined : history.holding(history.lastFull.instant, disk);
}
