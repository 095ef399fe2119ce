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

  /**
   * The inventory.
   *
   * Requires: nothing.
   * Must: yield each machine that matches once, and none that does not.
   */
  machines(filter?: MachineFilter, call?: Call): AsyncIterable<MachineSummary>;

  /**
   * The neutral model of one machine.
   *
   * Requires: nothing.
   * Receives: a reference with a connection and an id.
   * Must: reject an unknown machine with `NOT_FOUND`; give what `machineSpecSchema` accepts; hold no secret.
   */
  describe(machine: MachineRef, call?: Call): Promise<MachineSpec>;

  /**
   * Dry run of `capture`.
   *
   * Requires: nothing.
   * Receives: the same as `capture`.
   * Must: change nothing on the platform; give each disk a kind, and a full its reason; say what `capture` then does.
   */
  plan(request: CaptureRequest, call?: Call): Promise<CapturePlan>;

  /**
   * Freezes all disks at one instant.
   *
   * Requires: nothing; a source without `tracking` answers `full` whatever `since` holds.
   * Receives: states of this machine and stream only, at most 256 KiB each.
   * Must: name everything it makes after `request.id`; adopt or remove what an earlier call with the same id left;
   * answer `incremental` only since an instant of `request.since`, and list then every byte that differs; reject with
   * `QUIESCE_FAILED` below `consistency.accept`; name each excluded disk in `skipped`; leave nothing behind when it
   * rejects.
   */
  capture(request: CaptureRequest, call?: Call): Promise<Capture>;

  /**
   * Forgets baselines.
   *
   * Requires: nothing.
   * Receives: states of at most 256 KiB each.
   * Must: be idempotent; resolve for a state that is gone already; leave all other states valid.
   */
  retire(states: readonly ChangeState[], call?: Call): Promise<void>;

  /**
   * Cleans up after crashes.
   *
   * Requires: nothing.
   * Must: remove the owner's objects that `keep` does not name and nobody else's (invariant 5); leave what is younger than
   * `graceMs`; be idempotent.
   */
  reconcile(keep: Keep, call?: Call): Promise<ReconcileReport>;
}
