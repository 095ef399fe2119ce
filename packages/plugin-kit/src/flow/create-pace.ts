import { abortedError, type Pace, SendenseError, throwIfAborted } from '@sendense/core';
import { systemTimer, type Timer } from './timer.ts';

/** A grant is about this long, so that a new rate is felt soon and sharers take turns. */
const GRANT_MS = 100;
/** Smaller grants would cost more turns than they are worth. */
const MIN_GRANT_BYTES = 64 * 1024;

/** A pace whose rate can be changed while copies run. */
export interface AdjustablePace extends Pace {
  /** Bytes a second from now on; `null` = unlimited. Those who wait already are served at the new rate. */
  setRate(bytesPerSecond: number | null): void;
}

type Waiter = { readonly bytes: number; readonly grant: (bytes: number) => void };

function checkedRate(bytesPerSecond: number | null): number {
  if (bytesPerSecond === null) return Number.POSITIVE_INFINITY;
  if (Number.isFinite(bytesPerSecond) && bytesPerSecond > 0) return bytesPerSecond;
  throw new SendenseError('CONFIG_INVALID', `a rate must be above 0 bytes a second, not ${bytesPerSecond}`, {
    operation: 'set-rate',
    remedy: 'leave the rate limit out for no limit',
  });
}

/** A token bucket: serves in the order of asking, in grants short enough that all sharers get their turn. */
class TokenBucket implements AdjustablePace {
  readonly #timer: Timer;
  readonly #waiters: Waiter[] = [];
  #rate: number;
  /** Bytes that may go now; below zero is debt of a grant that was let go at once. */
  #tokens = 0;
  #countedMs: number;
  #wake: AbortController | undefined;

  constructor(rate: number, timer: Timer) {
    this.#rate = rate;
    this.#timer = timer;
    this.#countedMs = timer.monotonicMs();
  }

  take: Pace['take'] = (bytes, call) =>
    new Promise((resolve, reject) => {
      throwIfAborted(call?.signal, 'pace');
      const leave = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(abortedError('pace', call?.signal));
      };
      const waiter: Waiter = {
        bytes,
        grant: (granted) => {
          call?.signal?.removeEventListener('abort', leave);
          resolve(granted);
        },
      };
      call?.signal?.addEventListener('abort', leave, { once: true });
      this.#waiters.push(waiter);
      this.#serve();
    });

  setRate(bytesPerSecond: number | null): void {
    this.#refill();
    this.#rate = checkedRate(bytesPerSecond);
    if (this.#rate === Number.POSITIVE_INFINITY) this.#tokens = 0;
    this.#wake?.abort();
    this.#wake = undefined;
    this.#serve();
  }

  #refill(): void {
    const now = this.#timer.monotonicMs();
    const earned =
      this.#rate === Number.POSITIVE_INFINITY ? 0 : ((now - this.#countedMs) * this.#rate) / 1000;
    // Time in which nobody asked is not saved up: the rate holds for every second, not only on average.
    this.#tokens = Math.min(0, this.#tokens + earned);
    this.#countedMs = now;
  }

  #serve(): void {
    if (this.#wake !== undefined) return;
    this.#refill();
    while (this.#tokens >= 0) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) return;
      const most = Math.max(MIN_GRANT_BYTES, Math.floor((this.#rate * GRANT_MS) / 1000));
      const granted = Math.min(waiter.bytes, most);
      if (this.#rate !== Number.POSITIVE_INFINITY) this.#tokens -= granted;
      waiter.grant(granted);
    }
    if (this.#waiters.length > 0) this.#sleep();
  }

  #sleep(): void {
    const wake = new AbortController();
    this.#wake = wake;
    const ms = Math.max(1, Math.ceil((-this.#tokens * 1000) / this.#rate));
    this.#timer.sleep(ms, wake.signal).then(
      () => {
        if (this.#wake !== wake) return;
        this.#wake = undefined;
        this.#serve();
      },
      // Woken by setRate, which serves by itself.
      () => undefined,
    );
  }
}

/**
 * A byte budget for copies to share: at most `bytesPerSecond` (`null` = unlimited), served in the order of asking.
 * Throws `CONFIG_INVALID` for a rate that is not above 0.
 */
export function createPace(
  bytesPerSecond: number | null,
  options: { readonly timer?: Timer } = {},
): AdjustablePace {
  return new TokenBucket(checkedRate(bytesPerSecond), options.timer ?? systemTimer);
}
