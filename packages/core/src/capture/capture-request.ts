import type { MachineRef } from '../machine/machine-ref.ts';
import type { Consistency } from '../values/consistency.ts';
import type { CaptureId, DiskId, StreamId } from '../values/identifiers.ts';
import type { ChangeState } from './change-state.ts';

/** Which disks to capture: all but the excluded. Disks left out are reported as skipped. */
export type DiskFilter = { readonly exclude: readonly DiskId[] };

/** What to freeze and since when. */
export interface CaptureRequest {
  /** Chosen by the caller and journalled first; names every object made on the platform. */
  readonly id: CaptureId;
  readonly machine: MachineRef;
  /** A stream owns its baselines: one job, one destination. */
  readonly stream: StreamId;
  /** Newest first; each disk takes the first that holds. */
  readonly since: readonly ChangeState[];
  readonly disks?: DiskFilter;
  /** A weaker result than `accept` is refused with `QUIESCE_FAILED`. */
  readonly consistency: { readonly want: Consistency; readonly accept: Consistency };
}
