import { abortedError, amendError, SendenseError } from '@sendense/core';

/** A change of an export, and how it ends when its caller gives it up. */
export type Abandonable = {
  readonly operation: string;
  /** The export as a person names it. */
  readonly subject: string;
  readonly signal: AbortSignal | undefined;
  /** Longest wait for the server to answer what it was sent, once the signal has fired, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the connections, so that the change settles and nothing reads its bytes any more. */
  readonly abandon: () => void;
};

/**
 * Runs a change of an export. What a server was sent it may do as long as it has not answered, so an abort waits for its
 * answer. From a server that does not give it in time the connections are taken away: the change rejects with `ABORTED`
 * and `effect: 'unknown'`.
 */
export async function runAbandonable<T>(change: () => Promise<T>, how: Abandonable): Promise<T> {
  const { operation, subject, signal, timeoutMs, abandon } = how;
  if (signal === undefined) return change();
  let timer: NodeJS.Timeout | undefined;
  let abandoned = false;
  const wait = (): void => {
    timer = setTimeout(() => {
      abandoned = true;
      abandon();
    }, timeoutMs);
  };
  signal.addEventListener('abort', wait, { once: true });
  try {
    return await change();
  } catch (error) {
    throw abandoned ? abandonedError(operation, subject, signal) : error;
  } finally {
    signal.removeEventListener('abort', wait);
    clearTimeout(timer);
  }
}

/** The error of a change whose connections were taken away before the server had answered. */
export function abandonedError(operation: string, subject: string, signal?: AbortSignal): SendenseError {
  return amendError(abortedError(operation, signal, undefined, 'unknown'), {
    message: `cancelled by the caller; ${subject} has not answered what it was sent and may still do it`,
    remedy: 'make sure that the server is done or gone before the destination is written again',
  });
}

/** The error of what else was under way on connections that were taken away. */
export function leftError(operation: string, subject: string): SendenseError {
  return new SendenseError('CONNECTION_LOST', `${subject} was left while it owed answers`, {
    operation,
    effect: 'unknown',
    remedy: 'open it again; what it was sent it may still do',
  });
}
