import type { BlockWriter } from '../block/block-writer.ts';
import type { ChangeState } from '../capture/change-state.ts';
import type { Artifact } from '../machine/artifact.ts';
import type { Call } from '../values/call.ts';
import type { DiskId } from '../values/identifiers.ts';
import type { RecoveryPoint } from './recovery-point.ts';

/** Writes one point; dispose without commit leaves no trace of it, at the latest after the maintenance of its repository. */
export interface PointWriter extends AsyncDisposable {
  /** One writer a disk; `untouched` is `base` for a delta and `zero` for a full. */
  readonly disks: ReadonlyMap<DiskId, BlockWriter>;

  /**
   * Stores an artifact beside the disks.
   *
   * Requires: nothing.
   * Receives: an artifact of at most 64 MiB.
   * Must: refuse a sensitive artifact without encryption with `INCOMPATIBLE` (invariant 13); give back the same bytes from
   * an open point.
   */
  artifact(artifact: Artifact, call?: Call): Promise<void>;

  /**
   * One atomic record of all disks.
   *
   * Requires: nothing.
   * Receives: no disk writer that failed or has unflushed writes.
   * Must: be durable when it resolves; succeed when repeated with this point id,
   * from another writer too; reject with `CONFLICT` when another point took the sequence, with `FENCED` when the
   * lease is lost, and then leave nothing committed.
   */
  commit(states: readonly ChangeState[], call?: Call): Promise<RecoveryPoint>;
}
