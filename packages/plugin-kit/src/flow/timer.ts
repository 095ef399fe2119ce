import { setTimeout as sleep } from 'node:timers/promises';
import { abortedError, type Clock, systemClock } from '@sendense/core';

/** Time that can be waited for, injected so that tests own it. */
export interface Timer extends Pick<Clock, 'monotonicMs'> {
  /** Resolves after `ms`; rejects with `ABORTED` when the signal fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The timer of this machine. */
export const systemTimer: Timer = {
  monotonicMs: () => systemClock.monotonicMs(),
  async sleep(ms, signal) {
    try {
      await sleep(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw abortedError('wait', signal, error);
    }
  },
};
