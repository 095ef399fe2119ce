import type {
  BackupKind,
  DiskId,
  Finding,
  FullReason,
  JobId,
  MachineKey,
  PointId,
  RepositoryId,
  SendenseError,
} from '@sendense/core';

/** The verbs that run as jobs. */
export type Verb = 'backup' | 'restore' | 'verify' | 'prune' | 'reconcile' | 'copy';

/** How a job ended; `cancelled` after a clean abandon. */
export type JobOutcome = 'completed' | 'failed' | 'cancelled';

/** What a job works on, as far as it is known. */
export type JobSubject = {
  readonly machine?: MachineKey;
  readonly machineName?: string;
  readonly repository?: RepositoryId;
  readonly point?: PointId;
};

/** What a disk is being copied, or checked, for. */
export type DiskWork = 'copy' | 'verify';

/** How far something is. Bytes of work, not of disk size; `percent` is 0 to 100 and never goes back. */
export type WorkProgress = {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly percent: number;
  /** Over the last seconds; 0 until it is known. */
  readonly bytesPerSecond: number;
  /** `null` until it can be told. */
  readonly etaSeconds: number | null;
};

/** Every event names its job. Times are taken from the engine's clock. */
export type JobEvent = { readonly jobId: JobId; readonly verb: Verb };

/** Events of the engine, by name. A listener must not throw; what it throws is logged and dropped. */
export type EngineEventMap = {
  'job-start': JobEvent & { readonly subject: JobSubject; readonly at: Date };
  'job-progress': JobEvent & WorkProgress;
  'job-end': JobEvent & {
    readonly subject: JobSubject;
    readonly outcome: JobOutcome;
    readonly durationMs: number;
    /** The verb's result; `null` unless completed. */
    readonly result: unknown;
    readonly error: SendenseError | null;
    readonly at: Date;
  };
  'step-start': JobEvent & { readonly step: string; readonly at: Date };
  'step-end': JobEvent & {
    readonly step: string;
    readonly durationMs: number;
    readonly error: SendenseError | null;
    readonly at: Date;
  };
  'disk-start': JobEvent & {
    readonly disk: DiskId;
    readonly work: DiskWork;
    readonly sizeBytes: number;
    readonly kind?: BackupKind;
    readonly reason?: FullReason | null;
  };
  'disk-progress': JobEvent & WorkProgress & { readonly disk: DiskId; readonly work: DiskWork };
  'disk-end': JobEvent & {
    readonly disk: DiskId;
    readonly work: DiskWork;
    readonly bytesRead: number;
    readonly bytesWritten: number;
    readonly durationMs: number;
  };
  finding: JobEvent & { readonly finding: Finding };
};

/** Names of {@link EngineEventMap}. */
export type EngineEventName = keyof EngineEventMap;

/** The same map in eventemitter3's notation. */
export type EngineListeners = { [Name in EngineEventName]: (event: EngineEventMap[Name]) => void };
