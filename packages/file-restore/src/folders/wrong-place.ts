import { SendenseError } from '@sendense/core';

/** The error of a `from` that no page gave: `CONFIG_INVALID`. */
export function wrongPlace(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'this is no place in the folder to go on from', {
    operation: 'list-folder',
    remedy: 'give what the page before named as the next one',
  });
}
