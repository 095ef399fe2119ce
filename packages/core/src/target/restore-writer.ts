import type { BlockReader } from '../block/block-reader.ts';
import type { BlockWriter } from '../block/block-writer.ts';
import type { Fence } from '../engine/fence.ts';
import type { ReconcileReport } from '../engine/keep.ts';
import type { Artifact } from '../machine/artifact.ts';
import type { MachineRef } from '../machine/machine-ref.ts';
import type { Call } from '../values/call.ts';
import type { Finding } from '../values/finding.ts';
import type { DiskId, PlanId } from '../values/identifiers.ts';
import type { Json } from '../values/json.ts';

/** What a target needs to go on after a crash; `data` is read only by the connector of `schema`. */
export type RestoreState = {
  readonly schema: `${string}/${number}`;
  readonly plan: PlanId;
  readonly data: Json;
};

/** The run that a restore belongs to. */
export interface RestoreRun {
  readonly fence: Fence;
  readonly resume?: RestoreState;
  /**
   * The writer is opened to be rolled back: whatever is left of the attempt to resume is enough, also nothing, and its disks are
   * not written.
   */
  readonly undo?: true;
  /** Those of the request that the plan was made for: UEFI variables and the like. */
  readonly artifacts?: readonly Artifact[];
  /** Awaited before and after each irreversible step. */
  save(state: RestoreState): Promise<void>;
}

/** A restored disk. */
export type RestoredDisk = { readonly id: DiskId; readonly location: string; readonly sizeBytes: number };

/** What a restore made. */
export type RestoreResult = {
  readonly machine?: MachineRef;
  readonly disks: readonly RestoredDisk[];
  readonly findings: readonly Finding[];
};

/** What a rollback removed, and whether that was all. */
export type RollbackReport = ReconcileReport & {
  /**
   * Nothing is left of the restore, and what it was to replace is there again so far as it can be. `false`: what it made stays, as
   * that of a complete one does at most targets, or what it set aside does. The plan is not forgotten then, because `reconcile`
   * removes what a plan that nobody knows has set aside. Each thing that stays is a finding.
   */
  readonly undone: boolean;
};

/** Writes one restore. Dispose lets go: the saved state can still be resumed. */
export interface RestoreWriter extends AsyncDisposable {
  readonly disks: ReadonlyMap<DiskId, BlockWriter>;

  /**
   * A reader over a flushed disk, before `commit`, from the destination itself: what verification digests.
   *
   * Requires: the member is there.
   * Must: read what the destination holds, not what was meant to be written; reject an unknown disk with `NOT_FOUND`.
   */
  readBack?(disk: DiskId, call?: Call): Promise<BlockReader>;

  /**
   * Finalises the disks, makes the machine, starts it on request.
   *
   * Requires: nothing.
   * Receives: no disk writer that failed or has unflushed writes.
   * Must: be durable when it resolves; succeed when repeated.
   */
  commit(call?: Call): Promise<RestoreResult>;

  /**
   * Takes the restore back.
   *
   * Requires: nothing.
   * Must: remove everything the plan's id names and nothing else, or say that it is not undone; also right after
   * `begin(plan, {resume})`; be harmless when repeated.
   */
  rollback(call?: Call): Promise<RollbackReport>;
}
