import type {
  DiskId,
  Finding,
  JobId,
  Json,
  MachineRef,
  Pace,
  PointId,
  Repository,
  TargetConnector,
} from '@sendense/core';
import type { RestoreOrder } from '../journal/restore-order.ts';
import type { RestoreStep } from '../journal/restore-record.ts';

/** How a restore is carried out; also for the rest of one that is resumed. */
export type RestoreRunOptions = {
  /** Default 4; never more than the target takes. */
  readonly parallelDisks?: number;
  readonly windowBytes?: number;
  readonly rateBytesPerSecond?: number | null;
  readonly pace?: Pace;
};

/** A restore of one point to one target. */
export type RestoreMachineRequest = RestoreRunOptions &
  RestoreOrder & {
    readonly repository: Repository;
    readonly point: PointId;
    readonly target: TargetConnector;
    /** Read back and compare before the commit; default true. */
    readonly verify?: boolean;
    /** Kept with the job: what the host needs to open repository and target again. No secrets. */
    readonly host?: Json;
    readonly jobId?: JobId;
  };

/** What is needed to go on with a restore, or to undo it. */
export type ResumeRestoreRequest = RestoreRunOptions & {
  readonly jobId: JobId;
  readonly repository: Repository;
  readonly target: TargetConnector;
};

/** A restored disk. */
export type RestoreDiskResult = {
  readonly id: string;
  readonly diskId: DiskId;
  readonly sizeBytes: number;
  /** Where it is, in the target's words. */
  readonly location: string;
};

/** What a restore made. */
export type RestoreMachineResult = {
  readonly jobId: JobId;
  readonly pointId: PointId;
  /** Where the first disk is, or the machine. */
  readonly target: string;
  readonly machine: MachineRef | null;
  readonly disks: readonly RestoreDiskResult[];
  readonly bytesWritten: number;
  readonly durationMs: number;
  /** The flushed target was read back and is, byte for byte, what the point holds. */
  readonly verified: boolean;
  readonly verifyMs: number;
  readonly findings: readonly Finding[];
};

/** `interrupted`: its process is gone; it can be resumed. */
export type RestoreState = 'running' | 'interrupted' | 'completed' | 'failed' | 'cancelled' | 'rolled-back';

/** How far a restore is, also one of another process. */
export type RestoreStatus = {
  readonly jobId: JobId;
  readonly pointId: PointId;
  readonly state: RestoreState;
  readonly steps: readonly Pick<RestoreStep, 'name' | 'state' | 'error'>[];
  readonly percent: number;
  /** `null` when it is not running, or not known yet. */
  readonly etaSeconds: number | null;
  readonly verified: boolean;
  readonly host: Json;
  readonly createdAt: Date;
};
