import type { Job } from '@sendense/catalog';
import type { PrintedBackup, PrintedForecast } from '../output/describe-backup.ts';
import type { PrintedChain } from '../output/describe-chain.ts';
import type { PrintedFinding } from '../output/describe-findings.ts';
import type { PrintedFolder } from '../output/describe-folder.ts';
import type { PrintedMount, PrintedMounted } from '../output/describe-mounts.ts';
import type { PrintedPoint, PrintedPointDetails } from '../output/describe-point.ts';
import type { PrintedRestore, PrintedRestoreStatus } from '../output/describe-restore.ts';
import type { ErrorReport } from '../output/error-report.ts';
import type { JobOption } from '../program/job-flag.ts';
import type { BackupIdOption, MachineOption, RepositoryOption } from '../program/shared-flags.ts';
import type { WayOptions } from '../program/way-flags.ts';
import type { AskedMount } from '../session/mount-in-background.ts';
import type { BackupStartOptions } from '../verbs/backup-start-flags.ts';
import type { RestoreStartOptions } from '../verbs/restore-start-flags.ts';

/** One recovery point. */
export type PointOptions = RepositoryOption & BackupIdOption;

/** What `backup chain` is asked. */
export type ChainOptions = RepositoryOption & { readonly machine: string; readonly backupId?: string };

/** What `backup browse` is asked; `limit` entries at most, in the order of the folder. */
export type BrowseOptions = PointOptions &
  WayOptions & {
    readonly path: string;
    readonly limit: number;
    readonly from?: string;
  };

/** What `backup extract` is asked. */
export type ExtractOptions = PointOptions &
  WayOptions & {
    readonly file: string;
    readonly output: string;
    readonly overwrite?: true;
  };

/** A machine of several that was not backed up. */
export type PrintedFailure = { readonly machine: string; readonly error: ErrorReport };

/** What came of `backup start`: of one machine, of several, or of `--dry-run`. */
export type BackupOutcome =
  | { readonly made: PrintedBackup }
  | { readonly results: readonly PrintedBackup[]; readonly failures: readonly PrintedFailure[] }
  | { readonly forecast: PrintedForecast };

/** What `backup delete` removed. */
export type PrintedDeletion = {
  readonly removed: readonly string[];
  readonly freedBytes: number;
  readonly findings: readonly PrintedFinding[];
};

/** What was taken out of a point. */
export type PrintedExtract = {
  readonly bytesWritten: number;
  readonly sizeBytes: number;
  /** `file`, `tar` or `zip`. */
  readonly format: string;
  /** Absolute path of the file that was made. */
  readonly output: string;
  readonly findings: readonly PrintedFinding[];
};

/** What came of `backup mount`. `ended`: of one that was served until now, why it ended and what was found meanwhile. */
export type MountOutcome = {
  readonly mounted: PrintedMounted;
  readonly ended: { readonly why: string; readonly findings: readonly PrintedFinding[] } | null;
};

/** What `backup mounts` lists. */
export type PrintedMounts = {
  readonly mounts: readonly PrintedMount[];
  readonly findings: readonly PrintedFinding[];
};

/** What `backup unmount` is asked: a mount by its id, or by its folder. */
export type UnmountOptions = {
  readonly mount: string;
  readonly isFolder: boolean;
  /** Also while something is open in it. */
  readonly force: boolean;
};

/** What `backup unmount` ended. */
export type PrintedUnmounted = Pick<PrintedMounted, 'mountId' | 'mountPath' | 'findings'>;

/** A job that was to be cancelled. `requested`: it ends, or has ended, for that; otherwise it had ended already. */
export type CancelledJob = Pick<Job, 'id' | 'status'> & { readonly requested: boolean };

/** Something read from a point. `isDamaged`: not all of it could be, as the findings tell. */
export type Read<What> = { readonly read: What; readonly isDamaged: boolean };

/**
 * The work of the verbs that a server does too. This process and a server each do it in their way, and answer the very same: what the
 * verbs print. Each method takes the options of its verb and rejects with a `SendenseError`.
 */
export interface Work {
  /** `backup start` */
  backUp(options: BackupStartOptions): Promise<BackupOutcome>;
  /** `backup list`: oldest first. */
  listPoints(options: RepositoryOption & MachineOption): Promise<readonly PrintedPoint[]>;
  /** `backup show` */
  showPoint(options: PointOptions): Promise<PrintedPointDetails>;
  /** `backup chain` */
  showChain(options: ChainOptions): Promise<PrintedChain>;
  /** `backup delete` */
  deletePoint(options: PointOptions): Promise<PrintedDeletion>;
  /** `backup browse` */
  browse(options: BrowseOptions): Promise<Read<PrintedFolder>>;
  /** `backup extract`: makes the file here, whoever reads the point. */
  extract(options: ExtractOptions): Promise<Read<PrintedExtract>>;
  /** `backup mount`: a folder of the machine of whoever reads the point. */
  mount(options: AskedMount): Promise<MountOutcome>;
  /** `backup mounts` */
  listMounts(): Promise<PrintedMounts>;
  /** `backup unmount` */
  unmount(options: UnmountOptions): Promise<PrintedUnmounted>;
  /** `restore start` */
  restore(options: RestoreStartOptions): Promise<PrintedRestore>;
  /** `restore show` */
  showRestore(options: JobOption): Promise<PrintedRestoreStatus>;
  /** `jobs list`: oldest first. */
  listJobs(): Promise<readonly Job[]>;
  /** `jobs cancel`: the job, which may go on until it has given up cleanly. */
  cancelJob(options: JobOption): Promise<CancelledJob>;
}
