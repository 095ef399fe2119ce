import { SendenseError } from '@sendense/core';

/** The error for a domain that is not any more as it was when its backup was decided. */
export function switched(off: boolean, cause?: unknown): SendenseError {
  return new SendenseError(
    'CONFLICT',
    `the machine was ${off ? 'stopped' : 'started'} while the backup began`,
    { operation: 'begin-capture', cause, retry: 'later', remedy: 'repeat the backup' },
  );
}
