import type { Keep, ReconcileReport } from '../engine/keep.ts';
import type { MachineFilter, MachineSummary } from '../machine/machine-filter.ts';
import type { MachineRef } from '../machine/machine-ref.ts';
import type { MachineSpec } from '../machine/machine-spec.ts';
import type { SourceCapabilities } from '../plugin/capabilities.ts';
import type { Call } from '../values/call.ts';
import type { Capture } from './capture.ts';
import type { CapturePlan } from './capture-plan.ts';
import type { CaptureRequest } from './capture-request.ts';
import type { ChangeState } from './change-state.ts';

/** Captures the machines of one platform endpoint for one tenant. */
export interface SourceConnector extends AsyncDisposable {
  readonly specificationVersion: 'v1';
  readonly platform: string;
  readonly capabilities: SourceCapabilities;

  /** Must: yield each machine that matches once. */
  machines(filter?: MachineFilter, call?: Call): AsyncIterable<MachineSummary>;

  /** Must: reject an unknown machine with `NOT_FOUND`. */
  describe(machine: MachineRef, call?: Call): Promise<MachineSpec>;

  /** Dry run. Must: change nothing on the platform; give each disk a kind, and a full its reason. */
  plan(request: CaptureRequest, call?: Call): Promise<CapturePlan>;

  /**
   * Freezes all disks at one instant.
   *
   * Receives: states of this machine and stream only, at most 256 KiB each.
   * Must: name everything it makes after `request.id`; adopt or remove what an earlier call with the same id left;
   * answer `incremental` only since an instant of `request.since`; leave nothing behind when it rejects.
   */
  capture(request: CaptureRequest, call?: Call): Promise<Capture>;

  /** Forgets baselines. Must: be idempotent; leave the states of other streams valid. */
  retire(states: readonly ChangeState[], call?: Call): Promise<void>;

  /** Must: remove the owner's objects that `keep` does not name and nobody else's (invariant 5). */
  reconcile(keep: Keep, call?: Call): Promise<ReconcileReport>;
}
