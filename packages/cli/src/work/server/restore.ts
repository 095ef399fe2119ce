import type { CompletedJob } from '@sendense/client';
import { SendenseError } from '@sendense/core';
import type { PrintedRestore } from '../../output/describe-restore.ts';
import type { RestoreStartOptions } from '../../verbs/restore-start-flags.ts';
import type { Desk } from './desk.ts';
import { printFindings } from './findings.ts';
import { finishJob, otherJob } from './finish-job.ts';

/** Has a server restore a point to a target of its configuration, and waits for it. */
export async function restore(desk: Desk, options: RestoreStartOptions): Promise<PrintedRestore> {
  const { backupId, repository, target, disk, overwrite, verify } = options;
  if (target === undefined) throw noTarget();
  // without the signal: a job that was taken and not told of could not be cancelled
  const job = await desk.client.startRestore({
    backup_id: backupId,
    repository,
    target,
    disks: disk === undefined ? undefined : [...disk],
    overwrite: overwrite === true,
    verify,
  });
  return printRestore(await finishJob(desk, job));
}

function printRestore({ job_id: jobId, target, result }: CompletedJob): PrintedRestore {
  if (!('bytes_written' in result)) throw otherJob(jobId);
  return {
    jobId,
    pointId: result.backup_id,
    target: target ?? '',
    disks: result.disks.map(({ id, size_bytes: sizeBytes }) => ({ id, sizeBytes, path: null })),
    bytesWritten: result.bytes_written,
    durationMs: result.duration_ms,
    verified: result.verified,
    verifyMs: result.verify_ms,
    findings: printFindings(result.findings),
  };
}

function noTarget(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'no target was given', {
    operation: 'parse-arguments',
    remedy: "add --target NAME, a name of the server's configuration",
  });
}
