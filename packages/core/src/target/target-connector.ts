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

  /** Must: write nothing; give every property an outcome; give a plan when, and only when, compatible. */
  check(request: RestoreRequest, call?: Call): Promise<CompatibilityReport>;

  /**
   * Starts a restore; `plan.id` names everything it creates.
   *
   * Receives: a plan whose disks are within the capabilities; `resume` only where `capabilities.resume` is not `none`.
   * Must: reject with `ALREADY_EXISTS` when the destination is there and `overwrite` is false, before writing.
   */
  begin(plan: RestorePlan, run: RestoreRun, call?: Call): Promise<RestoreWriter>;

  readonly replicas?: ReplicaOperations;

  /** Must: remove the owner's objects that `keep` does not name and nobody else's. */
  reconcile(keep: Keep, call?: Call): Promise<ReconcileReport>;
}
