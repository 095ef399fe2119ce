import type { Job } from '../events/job.ts';
import { toSendenseError } from './to-sendense-error.ts';

/** Closes a handle; a failure becomes a finding, because it leaves at most a leftover that `reconcile` removes. */
export async function disposeQuietly(
  job: Job,
  what: string,
  handle: AsyncDisposable | undefined,
): Promise<boolean> {
  try {
    await handle?.[Symbol.asyncDispose]();
    return true;
  } catch (thrown) {
    const { message } = toSendenseError(thrown, `close-${what}`);
    job.report({
      severity: 'warning',
      code: 'close-failed',
      message: `the ${what} could not be closed: ${message}`,
    });
    return false;
  }
}
