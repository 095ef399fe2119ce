import {
  type Call,
  type Fence,
  guardJournal,
  type JobId,
  type Journal,
  type PluginServices,
  SendenseError,
  systemServices,
} from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { EventEmitter } from 'eventemitter3';
import { backup } from './backup/backup.ts';
import { type BackupManyOptions, type BackupManyResult, backupMany } from './backup/backup-many.ts';
import type { BackupRequest } from './backup/backup-request.ts';
import type { BackupForecast, BackupResult } from './backup/backup-result.ts';
import { planBackup } from './backup/plan-backup.ts';
import { copyPoints } from './copy/copy-points.ts';
import type { CopyPointsRequest, CopyPointsResult } from './copy/copy-request.ts';
import type { EngineListeners } from './events/engine-events.ts';
import type { EngineContext } from './jobs/engine-context.ts';
import { createLaneScheduler } from './jobs/lane-scheduler.ts';
import { type PruneRequest, type PruneResult, prune } from './prune/prune.ts';
import { type ReconcileRequest, type ReconcileResult, reconcile } from './reconcile/reconcile.ts';
import { restore, resumeRestore } from './restore/restore.ts';
import type {
  RestoreMachineRequest,
  RestoreMachineResult,
  RestoreStatus,
  ResumeRestoreRequest,
} from './restore/restore-request.ts';
import { restoreStatus } from './restore/restore-status.ts';
import { type RollbackResult, rollbackRestore } from './restore/rollback-restore.ts';
import { type VerifyRequest, type VerifyResult, verify } from './verify/verify.ts';

/** How an engine is made. */
export type EngineOptions = {
  /** The engine's durable memory: what makes a crash cheap and a restore resumable. */
  readonly journal: Journal;
  /** Clock, random numbers, log sink, block-IO drivers. Default: this machine's, without log and drivers. */
  readonly services?: PluginServices;
  /**
   * Prefix of the objects that this installation makes on platforms: 1–32 letters, digits, `_` or `-`. Two installations
   * on one platform need two. Default `sendense`.
   */
  readonly owner?: string;
  /** The lease of this worker. Default: a fence for the only worker of its journal. */
  readonly fence?: Fence;
  /** Whether another worker, named by its `Fence.holder`, still lives. Default: none does. */
  readonly isHolderAlive?: (holder: string) => boolean;
};

/** The verbs over sources, repositories and targets. It owns none of them: the caller opens and closes them. */
export type Engine = {
  readonly events: EventEmitter<EngineListeners>;
  /** Backs up one machine to one repository, in the one order of the contracts. */
  backup(request: BackupRequest, call?: Call): Promise<BackupResult>;
  /** Several machines at once; a machine that fails does not stop the others. */
  backupMany(requests: readonly BackupRequest[], options?: BackupManyOptions): Promise<BackupManyResult>;
  /** Dry run: full or incremental, with the reason and the bytes. Changes nothing. */
  planBackup(request: BackupRequest, call?: Call): Promise<BackupForecast>;
  /** Restores a point to a target in named, journalled steps, and verifies it by reading back. */
  restore(request: RestoreMachineRequest, call?: Call): Promise<RestoreMachineResult>;
  /** Goes on with a restore at the step where it stopped, in this or another process. */
  resumeRestore(request: ResumeRestoreRequest, call?: Call): Promise<RestoreMachineResult>;
  /** Removes everything that an unfinished restore made. */
  rollbackRestore(request: ResumeRestoreRequest, call?: Call): Promise<RollbackResult>;
  /** Steps, percent and ETA of a restore; rejects with `NOT_FOUND` for an unknown job. */
  restoreStatus(jobId: JobId): Promise<RestoreStatus>;
  /** Verifies points of a repository; damage is a finding, not a rejection. */
  verify(request: VerifyRequest, call?: Call): Promise<VerifyResult>;
  /** Copies points to another repository: those it does not hold, by increments where they are, verified. */
  copy(request: CopyPointsRequest, call?: Call): Promise<CopyPointsResult>;
  /** Applies a retention policy; `dryRun` tells what it would remove. */
  prune(request: PruneRequest, call?: Call): Promise<PruneResult>;
  /** Removes at sources and targets what dead runs left and nothing alive needs. */
  reconcile(request: ReconcileRequest, call?: Call): Promise<ReconcileResult>;
  /** Cancels a job of this engine; `false` when it is not running. The job rejects with `ABORTED` after a clean abandon. */
  cancel(jobId: JobId): boolean;
  /** Changes the rate of a running job from its next piece on; `null` = no limit. `false` when it is not running. */
  setRate(jobId: JobId, bytesPerSecond: number | null): boolean;
};

/** Makes an engine. Nothing is read or written before the first verb. */
export function createEngine(options: EngineOptions): Engine {
  const context = createContext(options);
  return {
    events: context.events,
    backup: async (request, call) => backup(context, request, call),
    backupMany: async (requests, many) => backupMany(context, requests, many),
    planBackup: async (request, call) => planBackup(context, request, call),
    restore: async (request, call) => restore(context, request, call),
    resumeRestore: async (request, call) => resumeRestore(context, request, call),
    rollbackRestore: async (request, call) => rollbackRestore(context, request, call),
    restoreStatus: async (jobId) => restoreStatus(context, jobId),
    verify: async (request, call) => verify(context, request, call),
    copy: async (request, call) => copyPoints(context, request, call),
    prune: async (request, call) => prune(context, request, call),
    reconcile: async (request, call) => reconcile(context, request, call),
    cancel(jobId) {
      const job = context.jobs.get(jobId);
      job?.cancel();
      return job !== undefined;
    },
    setRate(jobId, bytesPerSecond) {
      const job = context.jobs.get(jobId);
      job?.setRate(bytesPerSecond);
      return job !== undefined;
    },
  };
}

function createContext(options: EngineOptions): EngineContext {
  const services = options.services ?? systemServices();
  return {
    journal: guardJournal(options.journal),
    services,
    clock: services.clock,
    log: services.log,
    owner: checkOwner(options.owner ?? 'sendense'),
    fence: options.fence ?? soloFence,
    events: new EventEmitter<EngineListeners>(),
    lanes: createLaneScheduler(),
    jobs: new Map(),
    busy: new Set(),
    isHolderAlive: options.isHolderAlive ?? (() => false),
  };
}

function checkOwner(owner: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(owner)) return owner;
  throw new SendenseError('CONFIG_INVALID', `not a valid owner: ${JSON.stringify(owner.slice(0, 64))}`, {
    operation: 'create-engine',
    remedy: 'use 1 to 32 letters, digits, "_" or "-", starting with a letter or digit',
  });
}
