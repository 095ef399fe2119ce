import { SendenseError } from '@sendense/core';

/** Runs one change of a destination, named by its operation; rejects as the change does. */
export type ChangeRunner = <T>(operation: string, change: () => Promise<T>) => Promise<T>;

/**
 * Runs changes of one destination, and none after one that failed (invariant 8): nobody knows what of it was written, and
 * a kernel reports lost writes only once, so a later flush would lie. Whatever comes after rejects with `NOT_OPEN`.
 *
 * @param subject - the destination as a person names it
 */
export function stopAtFailure(subject: string): ChangeRunner {
  let failed = false;
  return async (operation, change) => {
    if (failed) {
      throw new SendenseError('NOT_OPEN', `an earlier write to ${subject} failed`, {
        operation,
        remedy: 'close this writer and open a new one',
      });
    }
    try {
      return await change();
    } catch (error) {
      failed = true;
      throw error;
    }
  };
}
