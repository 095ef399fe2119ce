import { amendError, SendenseError } from '@sendense/core';
import type { JobOrder, JobRecord } from './job-record.ts';

/** A job that is not there, or that the caller does not see. */
export function unknownJob(id: string): SendenseError {
  return new SendenseError('NOT_FOUND', `there is no job ${JSON.stringify(id)}`, {
    operation: 'find-job',
    remedy: 'list the jobs with GET /api/v1/jobs',
  });
}

/** The same machine is being backed up to the same repository. */
export function sameRuns({ vmName, repository }: JobOrder): SendenseError {
  return new SendenseError('LOCKED', `a backup of ${vmName} to ${repository} waits or runs already`, {
    operation: 'start-job',
    remedy: 'wait until it has ended, or cancel it',
  });
}

/** A job that only another server can end. */
export function runElsewhere({ id, holder }: JobRecord): SendenseError {
  return new SendenseError('LOCKED', `job ${id} is run by another server`, {
    operation: 'cancel-job',
    context: { holder },
    remedy: 'cancel it there',
  });
}

/** No more jobs may wait. */
export function tooMany(waiting: number): SendenseError {
  return new SendenseError('QUOTA_EXCEEDED', `${waiting} jobs wait already`, { operation: 'start-job' });
}

/** Why a job is given up, or not taken, while the server stops. */
export function stopping(): SendenseError {
  return new SendenseError('ABORTED', 'the server stops', {
    operation: 'run-job',
    retry: 'later',
    remedy: 'ask again when it has started',
  });
}

/** An order that the journal refused with `error`, and that could not be taken out of it again: it may have it. */
export function mayRunLater(id: string, error: unknown): SendenseError {
  const message = error instanceof Error ? error.message : String(error);
  const refusal = SendenseError.is(error)
    ? error
    : new SendenseError('UNEXPECTED', message, { operation: 'start-job', cause: error });
  return amendError(refusal, {
    message: `${message}; the next start of the server may run the job all the same`,
    effect: 'unknown',
    remedy: `look for job ${id} in GET /api/v1/jobs once the server was started again`,
    context: { job: id },
  });
}

/** The operation of {@link gaveUp}. */
export const GAVE_UP = 'resume-jobs';

/** A job that a stop cut short too often. */
export function gaveUp(attempts: number): SendenseError {
  return new SendenseError('ABORTED', `the server ended ${attempts} times while the job was under way`, {
    operation: GAVE_UP,
    remedy: "look into the server's log, then start the job anew",
  });
}
