import type { Finding, JobId, MachineKey, PointId, Repository, SendenseError } from '@sendense/core';

/** Which points go from where to where. */
export type CopyPointsRequest = {
  readonly from: Repository;
  readonly to: Repository;
  /** Only these; all of them by default. */
  readonly points?: readonly PointId[];
  /** Only points of this machine. */
  readonly machine?: MachineKey;
  /** Read back what was copied and compare it with the source; default `true`. */
  readonly verify?: boolean;
  /** Store artifacts that are marked sensitive in a repository that does not encrypt; default: they are left out. */
  readonly allowSensitiveArtifacts?: boolean;
  readonly rateBytesPerSecond?: number | null;
  readonly parallelDisks?: number;
  readonly windowBytes?: number;
  readonly jobId?: JobId;
};

/** A point that could not be copied, or whose copy differs. */
export type FailedCopy = { readonly point: PointId; readonly error: SendenseError };

/** What a copy did. */
export type CopyPointsResult = {
  readonly jobId: JobId;
  /** Copied now, in the order in which they were. */
  readonly copied: readonly PointId[];
  /** There already, or older than the newest of their stream there. */
  readonly skipped: readonly PointId[];
  /** Where the copy of a stream stopped; other streams went on. */
  readonly failed: readonly FailedCopy[];
  /** Payload read from the source. */
  readonly bytesRead: number;
  /** Growth of the destination by the points. */
  readonly bytesStored: number;
  /** Every copied point was read back and equals its original. */
  readonly verified: boolean;
  readonly findings: readonly Finding[];
};
