import type {
  BackupKind,
  DiskId,
  DiskSlot,
  InstantId,
  MachineKey,
  PointId,
  RecoveryPoint,
  Repository,
  StreamId,
} from '@sendense/core';

/** A disk of a committed point, without what is not needed to build on it. */
export type KnownDisk = {
  readonly number: number;
  readonly slot: DiskSlot;
  readonly sizeBytes: number;
  readonly base: PointId | null;
};

/** A committed point of the stream. */
export type KnownPoint = {
  readonly id: PointId;
  readonly instant: InstantId;
  readonly sequence: number;
  readonly kind: BackupKind;
  readonly disks: ReadonlyMap<DiskId, KnownDisk>;
};

/** What the destination holds of a stream: the truth that recovery and increments start from. */
export type StreamHistory = {
  /** Highest sequence, not latest clock: a clock may go back. */
  readonly newest: RecoveryPoint | undefined;
  readonly lastFull: RecoveryPoint | undefined;
  /** Sequence of the next point. */
  readonly nextSequence: number;
  has(point: PointId): boolean;
  holds(instant: InstantId): boolean;
  /** The newest point that holds `instant` of `disk`. */
  holding(instant: InstantId, disk: DiskId): KnownPoint | undefined;
  /** The newest point that has `disk` at all. */
  latestWith(disk: DiskId): KnownPoint | undefined;
  /** Whether a later point already builds on this disk of `point`. */
  hasChild(point: PointId, disk: DiskId): boolean;
};

/** Reads the committed points of a stream. Memory: a few hundred bytes a point and disk. */
export async function readStreamHistory(
  repository: Repository,
  filter: { readonly machine: MachineKey; readonly stream: StreamId },
  signal: AbortSignal,
): Promise<StreamHistory> {
  const points: KnownPoint[] = [];
  let newest: RecoveryPoint | undefined;
  let lastFull: RecoveryPoint | undefined;
  for await (const point of repository.points(filter, { signal })) {
    points.push(knownPoint(point));
    if (newest === undefined || point.sequence > newest.sequence) newest = point;
    const full = point.kind === 'full';
    if (full && (lastFull === undefined || point.sequence > lastFull.sequence)) lastFull = point;
  }
  return createStreamHistory(
    points.toSorted((a, b) => b.sequence - a.sequence),
    newest,
    lastFull,
  );
}

/** `newestFirst` by sequence. */
function createStreamHistory(
  newestFirst: readonly KnownPoint[],
  newest: RecoveryPoint | undefined,
  lastFull: RecoveryPoint | undefined,
): StreamHistory {
  const ids = new Set(newestFirst.map((point) => point.id));
  const instants = new Set(newestFirst.map((point) => point.instant));
  const built = new Set(
    newestFirst.flatMap((point) => [...point.disks].map(([disk, { base }]) => childKey(base, disk))),
  );
  return {
    newest,
    lastFull,
    nextSequence: (newest?.sequence ?? 0) + 1,
    has: (point) => ids.has(point),
    holds: (instant) => instants.has(instant),
    holding: (instant, disk) =>
      newestFirst.find((point) => point.instant === instant && point.disks.has(disk)),
    latestWith: (disk) => newestFirst.find((point) => point.disks.has(disk)),
    hasChild: (point, disk) => built.has(childKey(point, disk)),
  };
}

function knownPoint(point: RecoveryPoint): KnownPoint {
  const { id, instant, sequence, kind } = point;
  const disks = point.disks.map(({ id: disk, number, slot, sizeBytes, base }): [DiskId, KnownDisk] => [
    disk,
    { number, slot, sizeBytes, base },
  ]);
  return { id, instant, sequence, kind, disks: new Map(disks) };
}

function childKey(base: PointId | null, disk: DiskId): string {
  return `${base ?? ''}\n${disk}`;
}
