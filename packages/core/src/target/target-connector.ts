import type { Keep, ReconcileReport } from '../engine/keep.ts';
import type { TargetCapabilities } from '../plugin/capabilities.ts';
import type { Call } from '../values/call.ts';
import type { CompatibilityReport } from './compatibility-report.ts';
import type { ReplicaOperations } from './replica-operations.ts';
import type { RestorePlan } from './restore-plan.ts';
import type { RestoreRequest } from './restore-request.ts';
import type { RestoreRun, RestoreWriter } from './restore-writer.ts';

/** Restores machines or disks to one platform endpoint for one tenant. */
export interface TargetConnector extends AsyncDisposable {
  readonly specificationVersion: 'v1';
  readonly platform: string;
  readonly capabilities: TargetCapabilities;

  /**
   * Whether and how the machine can be restored here.
   *
   * Requires: nothing.
   * Must: write nothing; give every property an outcome; give a plan when, and only when, compatible, and one that `begin`
   * takes.
   */
  check(request: RestoreRequest, call?: Call): Promise<CompatibilityReport>;

  /**
   * Starts a restore; `plan.id` names everything it creates.
   *
   * Requires: `into` for the plan's destination; `resume` other than `none` for a state to resume.
   * Receives: a plan whose disks fit `sizeMultipleBytes`, `minDiskBytes` and `maxDiskBytes`; a state of this plan only.
   * Must: name everything it makes after the plan; await `run.save` before and after each step that cannot be undone;
   * reject with `ALREADY_EXISTS` when the destination is there and `overwrite` is false, before writing; reject with
   * `restoreGone` when nothing is left to resume, and only once the target itself was reached: its caller starts over; with
   * `run.undo` give a writer also then, and reject only when what is left could not be looked at.
   */
  begin(plan: RestorePlan, run: RestoreRun, call?: Call): Promise<RestoreWriter>;

  readonly replicas?: ReplicaOperations;

  /**
   * Cleans up after crashes.
   *
   * Requires: nothing.
   * Must: remove the owner's objects that `keep` does not name and nobody else's (invariant 5); be idempotent.
   */
  reconcile(keep: Keep, call?: Call): Promise<ReconcileReport>;
}
