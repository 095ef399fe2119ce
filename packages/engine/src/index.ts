export type { BackupManyOptions, BackupManyResult, FailedBackup } from './backup/backup-many.ts';
export type { BackupRequest, BackupType } from './backup/backup-request.ts';
export type { BackupDiskResult, BackupForecast, BackupResult } from './backup/backup-result.ts';
export { defaultStream } from './backup/backup-run.ts';
export type { FreezeHookContext, FreezeHooks } from './backup/freeze-hooks.ts';
export type { SkippedDiskResult } from './backup/skipped-disks.ts';
export type { CopyPointsRequest, CopyPointsResult, FailedCopy } from './copy/copy-request.ts';
export { createEngine, type Engine, type EngineOptions } from './engine.ts';
export type {
  DiskWork,
  EngineEventMap,
  EngineEventName,
  EngineListeners,
  JobEvent,
  JobOutcome,
  JobSubject,
  Verb,
  WorkProgress,
} from './events/engine-events.ts';
export { RESTORE_PREFIX, restoreKey, STREAM_PREFIX, streamKey } from './journal/journal-keys.ts';
export { RESTORE_STEPS, type RestoreStep, type RestoreStepName } from './journal/restore-record.ts';
export type { PruneRequest, PruneResult } from './prune/prune.ts';
export type { ReconcileRequest, ReconcileResult } from './reconcile/reconcile.ts';
export type {
  RestoreDiskResult,
  RestoreMachineRequest,
  RestoreMachineResult,
  RestoreRunOptions,
  RestoreState,
  RestoreStatus,
  ResumeRestoreRequest,
} from './restore/restore-request.ts';
export type { RollbackResult } from './restore/rollback-restore.ts';
export type { VerifyRequest, VerifyResult } from './verify/verify.ts';
