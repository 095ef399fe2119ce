import type { DiskFormat, PointId, RetentionPolicy } from '@sendense/core';
import type {
  BackupRequest,
  CopyPointsRequest,
  RestoreMachineRequest,
  ResumeRestoreRequest,
  VerifyRequest,
} from '@sendense/engine';
import type { ResolveSourceOptions } from './names/resolve-source.ts';

/** A backup by names. The repository is made when it is not there. */
export type SendenseBackup = Omit<
  BackupRequest,
  'source' | 'machine' | 'machineKey' | 'repository' | 'stream'
> &
  Omit<ResolveSourceOptions, 'workingDirectory' | 'vmwareAccount'> & {
    /** `image:PATH`: a disk image, or a folder of them. `qemu:SOCKET`: a running QEMU. `libvirt:DOMAIN`. `vmware://HOST/MACHINE`. */
    readonly source: string;
    /** `PATH` or `local:PATH`, `dir:PATH`, `s3://BUCKET/PREFIX`, `azure://ACCOUNT/CONTAINER/PREFIX`. */
    readonly repository: string;
  };

/** A restore by names. */
export type SendenseRestore = Omit<
  RestoreMachineRequest,
  'repository' | 'target' | 'point' | 'host' | 'options'
> & {
  readonly repository: string;
  readonly point: PointId | string;
  /** `image:FILE` for one disk, `image:FOLDER/` for several, `libvirt:NAME` for a machine. */
  readonly target: string;
  readonly format?: DiskFormat;
};

/** The rest of a restore of this or an earlier process; its places are remembered with the job. */
export type SendenseResume = Omit<ResumeRestoreRequest, 'repository' | 'target'>;

/** Which points. */
export type SendensePoints = { readonly repository: string; readonly machine?: string };

/** A verification by names. */
export type SendenseVerify = Omit<VerifyRequest, 'repository' | 'points' | 'jobId'> & {
  readonly repository: string;
  readonly points?: readonly (PointId | string)[];
};

/** Points copied by names. */
export type SendenseCopy = Omit<CopyPointsRequest, 'from' | 'to' | 'points'> & {
  readonly from: string;
  /** Made when it is not there. */
  readonly to: string;
  readonly points?: readonly (PointId | string)[];
};

/** A retention policy applied by names. */
export type SendensePrune = {
  readonly repository: string;
  readonly policy: RetentionPolicy;
  readonly dryRun?: boolean;
};

/** Where to clean up, by names. */
export type SendenseReconcile = {
  readonly sources?: readonly string[];
  readonly targets?: readonly string[];
  /** Those the streams of the sources write to. */
  readonly repositories?: readonly string[];
  readonly graceMs?: number;
};
