import { abortedError } from '@sendense/core';

/** Waits for what is everybody's: a caller that is cancelled stops waiting with `ABORTED`, and the others go on. */
export async function unlessAborted<T>(
  waited: Promise<T>,
  signal: AbortSignal | undefined,
  operation: string,
): Promise<T> {
  if (signal === undefined) return waited;
  const cancelled = Promise.withResolvers<never>();
  const cancel = (): void => cancelled.reject(abortedError(operation, signal));
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    return await Promise.race([cancelled.promise, waited]);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
