import type { ChangeState, DiskId, MachineRef, StreamId } from '@sendense/core';
import type { BackupType } from './backup-request.ts';
import type { StreamHistory } from './stream-history.ts';

/** Whose baselines they are. */
export type BaselineOwner = { readonly machine: MachineRef; readonly stream: StreamId };

/**
 * The baselines that may be used: those of the journal, and those stored with the newest and the last full point for
 * when the journal was lost, newest first. Only instants that the destination holds count: a delta since another
 * instant could be applied to nothing (invariant 1).
 */
export function heldBaselines(
  history: StreamHistory,
  journalled: readonly ChangeState[],
  owner: BaselineOwner,
): readonly ChangeState[] {
  const stored = [...(history.newest?.states ?? []), ...(history.lastFull?.states ?? [])];
  const byInstant = new Map([...stored, ...journalled].map((state) => [state.instant, state]));
  return [...byInstant.values()]
    .filter((state) => history.holds(state.instant) && belongsTo(state, owner))
    .toSorted((a, b) => sequenceOf(history, b) - sequenceOf(history, a));
}

/** The baselines to hand to the source for a backup of `type`, newest first. */
export function chooseBaselines(
  history: StreamHistory,
  held: readonly ChangeState[],
  type: BackupType,
): readonly ChangeState[] {
  if (type === 'full') return [];
  if (type !== 'differential') return held;
  return held.filter((state) => state.instant === history.lastFull?.instant);
}

/** What decides which baselines a stream still needs after a point. */
export type RetentionNeeds = {
  /** Of the point just committed; `null` when the source could keep none. */
  readonly sealed: ChangeState | null;
  readonly disks: readonly DiskId[];
  /** The last full, of which differentials start; `undefined` where it is not to be kept. */
  readonly lastFull: ChangeState | undefined;
  /** Newest first. */
  readonly older: readonly ChangeState[];
};

/** The baselines that a later delta may start from; every other one is to be retired. */
export function neededBaselines(needs: RetentionNeeds): readonly ChangeState[] {
  const needed = new Set<ChangeState>();
  if (needs.sealed !== null) needed.add(needs.sealed);
  if (needs.lastFull !== undefined) needed.add(needs.lastFull);
  for (const disk of needs.disks) {
    if (needs.sealed?.disks.includes(disk) === true) continue;
    const fallback = needs.older.find((state) => state.disks.includes(disk));
    if (fallback !== undefined) needed.add(fallback);
  }
  return [...needed];
}

function belongsTo(state: ChangeState, owner: BaselineOwner): boolean {
  const { machine, stream } = owner;
  return (
    state.stream === stream &&
    state.machine.connection === machine.connection &&
    state.machine.id === machine.id
  );
}

function sequenceOf(history: StreamHistory, state: ChangeState): number {
  const sequences = state.disks.map((disk) => history.holding(state.instant, disk)?.sequence ?? 0);
  return Math.max(0, ...sequences);
}
