import type { ChangeState } from '../capture/change-state.ts';
import type { Finding } from '../values/finding.ts';
import type { CaptureId, PlanId, StreamId } from '../values/identifiers.ts';

/** What is alive, gathered from the journal and the repositories: a connector never guesses what is a leftover. */
export type Keep = {
  /** Prefix or tag of this installation's objects. */
  readonly owner: string;
  readonly states: readonly ChangeState[];
  readonly captures: readonly CaptureId[];
  readonly restores: readonly PlanId[];
  /** Of `restores` those that are complete: they are not called off any more, so what they replaced may go. */
  readonly completed?: readonly PlanId[];
  readonly replicas: readonly string[];
  /** Objects younger than this stay whatever else says. */
  readonly graceMs: number;
  /** Streams whose journal was read; objects of other streams stay. Absent = all streams. */
  readonly streams?: readonly StreamId[];
};

/** What a `reconcile` or `rollback` removed, in the platform's own words. */
export type ReconcileReport = { readonly removed: readonly string[]; readonly findings: readonly Finding[] };
