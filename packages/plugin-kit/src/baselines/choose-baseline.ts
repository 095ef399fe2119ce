import type { ChangeState, DiskId, FullReason, InstantId } from '@sendense/core';
import type { BaselineStates } from './baseline-states.ts';

/** Why a baseline tells nothing, or all of a disk is copied. */
export type BaselineRefusal = { readonly reason: FullReason; readonly detail: string };

/** What is asked about one disk. */
export type BaselineQuestion<Baseline, Held> = {
  readonly disk: DiskId;
  /** Newest first. */
  readonly since: readonly ChangeState[];
  readonly now: Date;
  readonly parse: BaselineStates<Baseline>['parse'];
  /** Why the disk can hold no baseline, or `undefined`; what a state says of it counts more. */
  readonly untracked: string | undefined;
  /** What holds of `baseline`, or why nothing does. */
  readonly judge: (
    baseline: Baseline,
    since: InstantId,
  ) => { readonly held: Held } | BaselineRefusal | Promise<{ readonly held: Held } | BaselineRefusal>;
};

async function judgeState<Baseline, Held>(
  { disk, now, parse, judge }: BaselineQuestion<Baseline, Held>,
  state: ChangeState,
): Promise<{ readonly held: Held } | BaselineRefusal | undefined> {
  if (!state.disks.includes(disk)) return undefined;
  const data = parse(state);
  if (data === undefined) return { reason: 'state-unreadable', detail: `it was written by ${state.schema}` };
  const baseline = data.disks[disk];
  if (baseline === undefined) return undefined;
  if (state.expiresAt !== undefined && new Date(state.expiresAt) <= now) {
    return { reason: 'state-expired', detail: `at ${state.expiresAt}` };
  }
  return await judge(baseline, state.instant);
}

/** What holds of the newest state of which anything does; else the reason for which the newest one does not. */
export async function chooseBaseline<Baseline, Held>(
  question: BaselineQuestion<Baseline, Held>,
): Promise<{ readonly held: Held } | BaselineRefusal> {
  let refused: BaselineRefusal | undefined;
  for (const state of question.since) {
    const answer = await judgeState(question, state);
    if (answer !== undefined && 'held' in answer) return answer;
    refused ??= answer;
  }
  const { untracked } = question;
  if (untracked !== undefined) refused ??= { reason: 'no-change-tracking', detail: untracked };
  return refused ?? { reason: 'first-backup', detail: 'no baseline of this disk was given' };
}
