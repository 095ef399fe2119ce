import type { Artifact } from '../machine/artifact.ts';
import type { MachineSpec } from '../machine/machine-spec.ts';
import type { Call } from '../values/call.ts';
import type { Consistency } from '../values/consistency.ts';
import type { Finding } from '../values/finding.ts';
import type { InstantId } from '../values/identifiers.ts';
import type { SkippedDisk } from './capture-plan.ts';
import type { ChangeState } from './change-state.ts';
import type { DiskView } from './disk-view.ts';

/** All disks of one machine frozen at one named instant. Dispose before `commit` abandons the candidate baseline. */
export interface Capture extends AsyncDisposable {
  /**
   * Must: bear the id of an earlier capture only when it was captured under the same `CaptureRequest.id` and every byte of every
   * disk is that of then: a repository goes on with an interrupted point of that instant.
   */
  readonly instant: { readonly id: InstantId; readonly at: Date };
  /** What was obtained, not what was asked for. */
  readonly consistency: Consistency;
  readonly spec: MachineSpec;
  readonly disks: readonly DiskView[];
  readonly skipped: readonly SkippedDisk[];
  readonly artifacts: readonly Artifact[];
  readonly findings: readonly Finding[];
  /**
   * How many baselines of other streams there are in the disk that has most. Where it is not said, the engine does not
   * count on room for a second baseline of a stream.
   */
  readonly otherBaselines?: number;

  /**
   * After the last read: thaws, and makes the candidate baseline beside the old ones.
   *
   * Requires: nothing.
   * Must: leave every earlier state valid (invariant 2); return `null` when no baseline can be kept, so that the next
   * capture is full; leave a disk out of `state.disks` when only that disk fails; reject with `INSTANT_LOST` when the
   * bytes read are not those of the instant; give the same state when repeated.
   */
  seal(call?: Call): Promise<ChangeState | null>;

  /**
   * After the destination made data and state durable: the candidate stays.
   *
   * Requires: nothing.
   * Must: lose nothing when it fails; be harmless when repeated; leave the sealed state valid.
   */
  commit(call?: Call): Promise<readonly Finding[]>;
}
