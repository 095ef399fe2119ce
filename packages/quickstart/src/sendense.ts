import type { Catalog } from '@sendense/catalog';
import type { Call, JobId, RecoveryPoint } from '@sendense/core';
import type {
  BackupForecast,
  BackupResult,
  CopyPointsResult,
  Engine,
  PruneResult,
  ReconcileResult,
  RestoreMachineResult,
  RestoreStatus,
  RollbackResult,
  VerifyResult,
} from '@sendense/engine';
import type {
  SendenseBackup,
  SendenseCopy,
  SendensePoints,
  SendensePrune,
  SendenseReconcile,
  SendenseRestore,
  SendenseResume,
  SendenseVerify,
} from './requests.ts';

/** Backup and restore by names, on the plugins that come with this package. Dispose closes what was opened. */
export interface Sendense extends AsyncDisposable {
  /** The engine below, for what the names do not reach: events, cancel, rate, other plugins. */
  readonly engine: Engine;
  readonly catalog: Catalog;
  /** Backs up a disk image or a folder of them; makes the repository when it is not there. */
  backup(request: SendenseBackup, call?: Call): Promise<BackupResult>;
  /** Tells what a backup would do; the repository must be there. */
  planBackup(request: SendenseBackup, call?: Call): Promise<BackupForecast>;
  /** Points of a repository, oldest first; `machine` is a key or a name. */
  points(request: SendensePoints, call?: Call): Promise<readonly RecoveryPoint[]>;
  /** Restores a point to image files or to a machine and proves it by reading back. */
  restore(request: SendenseRestore, call?: Call): Promise<RestoreMachineResult>;
  /** Goes on with a restore at the step where it stopped, in this or another process. */
  resumeRestore(request: SendenseResume, call?: Call): Promise<RestoreMachineResult>;
  /** Removes everything that an unfinished restore made. */
  rollbackRestore(request: SendenseResume, call?: Call): Promise<RollbackResult>;
  /** Steps, percent and ETA of a restore. */
  restoreStatus(jobId: JobId): Promise<RestoreStatus>;
  /** Verifies points of a repository; damage is a finding, not a rejection. */
  verify(request: SendenseVerify, call?: Call): Promise<VerifyResult>;
  /** Copies points to another repository, of any kind: those that it does not hold. Makes it when it is not there. */
  copy(request: SendenseCopy, call?: Call): Promise<CopyPointsResult>;
  /** Applies a retention policy; `dryRun` tells what it would remove. */
  prune(request: SendensePrune, call?: Call): Promise<PruneResult>;
  /** Removes what dead runs left at sources and targets. */
  reconcile(request: SendenseReconcile, call?: Call): Promise<ReconcileResult>;
}
