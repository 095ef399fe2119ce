import type {
  Consistency,
  JobId,
  MachineKey,
  MachineRef,
  Pace,
  Repository,
  SourceConnector,
  StreamId,
} from '@sendense/core';
import type { FreezeHooks } from './freeze-hooks.ts';

/**
 * What is asked for. `auto`: incremental where it can be. `incremental`: fails where it can only be full, unless
 * `allowFull`. `differential`: since the last full.
 */
export type BackupType = 'auto' | 'full' | 'incremental' | 'differential';

/** A backup of one machine to one repository. */
export type BackupRequest = {
  readonly source: SourceConnector;
  readonly machine: MachineRef;
  readonly repository: Repository;
  /** Default `auto`. */
  readonly type?: BackupType;
  /** `incremental` only: take a full, with its reason, where no increment is possible. */
  readonly allowFull?: boolean;
  /** Identity of the machine in the repository; derived from `machine` by default. */
  readonly machineKey?: MachineKey;
  /** Owner of the baselines; derived from machine key and repository id by default. */
  readonly stream?: StreamId;
  /** Disks to leave out: disk ids, labels, or `disk-N` as the repository numbers them. */
  readonly excludeDisks?: readonly string[];
  /** Default: want `crash`, accept `crash`. */
  readonly consistency?: { readonly want: Consistency; readonly accept?: Consistency };
  readonly hooks?: FreezeHooks;
  /** Store sensitive artifacts in a repository that does not encrypt (invariant 13). */
  readonly allowSensitiveArtifacts?: boolean;
  /** A sentence kept with the point. */
  readonly note?: string;
  /** How many disks are copied at once; default 4. */
  readonly parallelDisks?: number;
  /** Read-ahead of each disk in bytes; the default is that of `copyBlocks`. */
  readonly windowBytes?: number;
  /** Limit of this job; `null` or absent = none. `Engine.setRate` changes it while it runs. */
  readonly rateBytesPerSecond?: number | null;
  /** A budget shared with other jobs. */
  readonly pace?: Pace;
  readonly jobId?: JobId;
};
