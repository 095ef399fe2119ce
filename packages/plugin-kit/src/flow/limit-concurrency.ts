import { abortedError, throwIfAborted } from '@sendense/core';

/** Runs a task when a place is free; rejects with `ABORTED` when the signal fires before that. */
export type Limited = <T>(task: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** At most `limit` tasks at once; the others wait in the order of asking. */
export function limitConcurrency(limit: number): Limited {
  let free = Math.max(1, limit);
  const waiting: (() => void)[] = [];
  const enter = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      throwIfAborted(signal, 'wait-for-turn');
      if (free > 0) {
        free -= 1;
        resolve();
        return;
      }
      const leave = (): void => {
        waiting.splice(waiting.indexOf(start), 1);
        reject(abortedError('wait-for-turn', signal));
      };
      const start = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      signal?.addEventListener('abort', leave, { once: true });
      waiting.push(start);
    });
  return async (task, signal) => {
    await enter(signal);
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
