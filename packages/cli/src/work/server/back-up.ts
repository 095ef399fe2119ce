import type { BackupResult } from '@sendense/api';
import type { CompletedJob } from '@sendense/client';
import { SendenseError } from '@sendense/core';
import { missingFlag } from '../../names/find-place.ts';
import type { PrintedBackup } from '../../output/describe-backup.ts';
import { asSendenseError, errorReport } from '../../output/error-report.ts';
import type { BackupStartOptions } from '../../verbs/backup-start-flags.ts';
import type { BackupOutcome } from '../work.ts';
import type { Desk } from './desk.ts';
import { printFindings } from './findings.ts';
import { finishJob, otherJob } from './finish-job.ts';
import { tellServerFailure } from './tell-server-failure.ts';

/** Has a server back machines up, each by a job of its own, and waits for them. */
export async function backUp(desk: Desk, options: BackupStartOptions): Promise<BackupOutcome> {
  const { repository } = options;
  if (repository === undefined) throw noRepository();
  const [machine, ...others] = machinesOf(options);
  if (machine === undefined) throw missingFlag('source');
  if (others.length === 0) return { made: await backUpOne(desk, { machine, repository, options }) };
  return backUpSeveral(desk, [machine, ...others], { repository, options });
}

/** A machine of the server's configuration, and how it is backed up. */
type Backup = {
  readonly machine: string;
  readonly repository: string;
  readonly options: Pick<BackupStartOptions, 'type' | 'allowFull'>;
};

/** At a server a source is one machine: `--source` and `--machine` name the same. */
function machinesOf({ source, machine }: BackupStartOptions): readonly string[] {
  if (source === undefined) return machine === undefined ? [] : [machine];
  if (machine === undefined || (source.length === 1 && source[0] === machine)) return [...new Set(source)];
  throw new SendenseError('CONFIG_INVALID', '--source and --machine name different machines of the server', {
    operation: 'parse-arguments',
    remedy: 'give one of them',
  });
}

async function backUpOne(desk: Desk, { machine, repository, options }: Backup): Promise<PrintedBackup> {
  // without the signal: a job that was taken and not told of could not be cancelled
  const job = await desk.client.startBackup({
    vm_name: machine,
    repository,
    backup_type: options.type,
    allow_full: options.allowFull === true,
  });
  return printBackup(await finishJob(desk, job));
}

async function backUpSeveral(
  desk: Desk,
  machines: readonly string[],
  backup: Omit<Backup, 'machine'>,
): Promise<BackupOutcome> {
  const { stop } = desk.session;
  const ended = await Promise.allSettled(machines.map((machine) => backUpOne(desk, { ...backup, machine })));
  const failures = ended.flatMap((end, index) =>
    end.status === 'fulfilled'
      ? []
      : [{ machine: machines[index] ?? '', error: asSendenseError(end.reason, 'back-up') }],
  );
  const [first] = failures;
  // abandoned is what goes on nowhere: where a job failed, or could not be cancelled, its machine is told
  const isAbandoned = failures.every(({ error }) => error.code === 'ABORTED');
  if (first !== undefined && isAbandoned && stop.received() !== undefined) throw first.error;
  return {
    results: ended.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : [])),
    failures: failures.map(({ machine, error }) => ({
      machine,
      error: errorReport(tellServerFailure(error)),
    })),
  };
}

function printBackup({ job_id: jobId, result }: CompletedJob): PrintedBackup {
  if (!('backup_type' in result)) throw otherJob(jobId);
  return { jobId, ...printResult(result) };
}

function printResult(result: BackupResult): Omit<PrintedBackup, 'jobId'> {
  return {
    pointId: result.backup_id,
    machine: result.machine_id,
    machineName: result.vm_name,
    instant: result.instant,
    kind: result.backup_type,
    reason: result.reason,
    reasonText: result.reason_text,
    parentId: result.parent_id,
    consistency: result.consistency,
    bytesRead: result.bytes_read,
    changedBytes: result.changed_bytes,
    bytesStored: result.bytes_stored,
    durationMs: result.duration_ms,
    disks: result.disks.map(({ id, size_bytes: sizeBytes, backup_type: kind, reason }) => ({
      id,
      sizeBytes,
      path: null,
      kind,
      reason,
    })),
    skipped: result.skipped.map(({ id, reason }) => ({ id, diskId: id, reason })),
    findings: printFindings(result.findings),
  };
}

function noRepository(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'no repository was given', {
    operation: 'parse-arguments',
    remedy: "add --repository NAME, a name of the server's configuration",
  });
}
