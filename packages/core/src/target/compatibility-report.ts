import type { Finding } from '../values/finding.ts';
import type { RestorePlan } from './restore-plan.ts';

/** What becomes of one property of the machine. */
export type PropertyOutcome = {
  readonly property: string;
  readonly outcome: 'kept' | 'approximated' | 'lost';
  readonly from: string;
  readonly to: string | null;
};

/** Money a restore costs, as an estimate. */
export type CostEstimate = { readonly currency: string; readonly once: number; readonly perMonth: number };

/** The answer to "can this machine run there?", before anything is written. */
export type CompatibilityReport = {
  /** No finding of severity `error`. */
  readonly compatible: boolean;
  readonly findings: readonly Finding[];
  readonly properties: readonly PropertyOutcome[];
  readonly cost?: CostEstimate;
  /** The plan to hand to `begin`; `null` when incompatible. */
  readonly plan: RestorePlan | null;
};
