import type {
  BackupKind,
  Consistency,
  DiskId,
  Finding,
  FullReason,
  InstantId,
  JobId,
  MachineKey,
  PointId,
  RepositoryId,
  StreamId,
} from '@sendense/core';
import type { SkippedDiskResult } from './skipped-disks.ts';

/** What happened to one disk. */
export type BackupDiskResult = {
  /** `disk-N`, as the repository numbers it. */
  readonly id: string;
  readonly diskId: DiskId;
  readonly sizeBytes: number;
  /** Where a person finds it; `null` where there is no such thing. */
  readonly path: string | null;
  readonly kind: BackupKind;
  readonly reason: FullReason | null;
  readonly reasonText: string | null;
  /** The point the disk builds on. */
  readonly base: PointId | null;
  readonly bytesRead: number;
  readonly changedBytes: number;
  readonly bytesStored: number;
};

/** What a backup made. */
export type BackupResult = {
  readonly jobId: JobId;
  readonly pointId: PointId;
  readonly parentId: PointId | null;
  readonly instantId: InstantId;
  /** The frozen instant. */
  readonly instant: Date;
  readonly repository: RepositoryId;
  readonly machine: MachineKey;
  readonly machineName: string;
  readonly stream: StreamId;
  readonly kind: BackupKind;
  /** Of the first full disk when `kind` is `full`, else `null`; each disk has its own. */
  readonly reason: FullReason | null;
  readonly reasonText: string | null;
  readonly consistency: Consistency;
  /** Payload bytes read from the source. */
  readonly bytesRead: number;
  /** Sum of the extents the source reported: of the delta, or what is allocated in a full. */
  readonly changedBytes: number;
  /** Growth of the repository, metadata included. */
  readonly bytesStored: number;
  readonly durationMs: number;
  readonly disks: readonly BackupDiskResult[];
  readonly skipped: readonly SkippedDiskResult[];
  readonly findings: readonly Finding[];
};

/** What a backup would make. */
export type BackupForecast = {
  readonly machine: MachineKey;
  readonly stream: StreamId;
  readonly kind: BackupKind;
  readonly reason: FullReason | null;
  /** Of `reason`; on an increment whose changes are found by comparing, why the source cannot name them. */
  readonly reasonText: string | null;
  /** Bytes that the delta or full covers. */
  readonly predictedBytes: number;
  /** `predictedBytes` is only the most it can be: what differs is known when all was read and compared. */
  readonly predictedAtMost: boolean;
  /** Bytes that must be read to deliver them. */
  readonly predictedReadBytes: number;
  /** The point it would build on. */
  readonly parentId: PointId | null;
  readonly disks: readonly {
    readonly diskId: DiskId;
    readonly sizeBytes: number;
    readonly kind: BackupKind;
    readonly reason: FullReason | null;
    readonly reasonText: string | null;
    readonly base: PointId | null;
    readonly predictedBytes: number;
    /** All is read and compared with the digests of the base. */
    readonly byDigest: boolean;
  }[];
  readonly skipped: readonly SkippedDiskResult[];
  readonly findings: readonly Finding[];
};
