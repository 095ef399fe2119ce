import type { Json } from '@sendense/core';
import type { JobStatus, RestoreStepTable } from '../schema/tables.ts';

/** What every job has; instants are ISO 8601 UTC text. What is not known yet is `null`. */
type JobFacts = {
  readonly id: string;
  readonly status: JobStatus;
  /** The process that runs or ran it. */
  readonly holder: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** `SendenseError.toJSON()` of a job that failed. */
  readonly error: Json;
  readonly repositoryId: string | null;
  readonly pointId: string | null;
};

/** A backup job. */
export type BackupJob = JobFacts & {
  readonly kind: 'backup';
  readonly machineKey: string | null;
  readonly machineName: string | null;
  readonly requestedType: 'auto' | 'full' | 'incremental' | 'differential';
  readonly type: 'full' | 'incremental' | 'differential' | null;
  /** A FullReason code; `null` on an incremental. */
  readonly reason: string | null;
  readonly bytesRead: number | null;
  readonly changedBytes: number | null;
  readonly bytesStored: number | null;
};

/** A restore job. */
export type RestoreJob = JobFacts & {
  readonly kind: 'restore';
  /** As the user named it. */
  readonly target: string | null;
  readonly bytesWritten: number | null;
  /** `null` when it was not verified. */
  readonly verified: boolean | null;
};

/** A job of any kind. */
export type Job = BackupJob | RestoreJob;

/** A named step of a restore. */
export type JobStep = {
  readonly name: string;
  readonly state: RestoreStepTable['state'];
  readonly error: Json;
};

/** What the user asked for, which no event says. */
export type JobRequest = {
  /** The process that runs the jobs. */
  readonly holder: string;
  /** Backups; default `auto`. */
  readonly requestedType?: BackupJob['requestedType'];
  /** Restores: the target as the user named it, without credentials. */
  readonly target?: string;
};
