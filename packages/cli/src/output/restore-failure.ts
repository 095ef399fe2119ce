import { amendError, type SendenseError } from '@sendense/core';

/** What has to be done first, in the words of the command line. */
const FIRST: Readonly<Partial<Record<string, string>>> = {
  ALREADY_EXISTS: 'choose another name, or add --overwrite',
  NO_SPACE: 'free space at the target',
};

/**
 * A failed or cancelled restore as the command line tells it. With a `job` that is worth going on with, it names the
 * commands that do so, or undo it.
 */
export function tellRestoreFailure(error: SendenseError, job: string | undefined): SendenseError {
  const first = FIRST[error.code] ?? error.remedy;
  if (job === undefined) return first === undefined ? error : amendError(error, { remedy: first });
  const resume = `go on with "sendense-ctl restore resume --job ${job}"`;
  const undo = `undo it with "sendense-ctl restore rollback --job ${job}"`;
  const before = first === undefined || error.code === 'ABORTED' ? '' : `${first}; then `;
  return amendError(error, { remedy: `${before}${resume}, or ${undo}` });
}
