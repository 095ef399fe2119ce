/**
 * How long something is waited for. `signal` fires with the caller's, or when what {@link Patience.wait} waits for takes too long;
 * between two waits time does not count, so that a caller may read a stream as slowly as it likes.
 */
export class Patience {
  readonly signal: AbortSignal;
  readonly #ms: number;
  readonly #ranOut = new AbortController();

  constructor(ms: number, signal: AbortSignal | undefined) {
    this.#ms = ms;
    this.signal = signal === undefined ? this.#ranOut.signal : AbortSignal.any([signal, this.#ranOut.signal]);
  }

  /** Whether it was waited too long. */
  get isOut(): boolean {
    return this.#ranOut.signal.aborted;
  }

  /** What `begin` resolves to; rejects when {@link signal} fires, also where what was begun, e.g. a `getToken`, does not heed it. */
  async wait<T>(begin: () => Promise<T>): Promise<T> {
    const { signal } = this;
    const ended = Promise.withResolvers<never>();
    const end = () => ended.reject(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener('abort', end, { once: true });
    const timer = setTimeout(() => this.#ranOut.abort(), this.#ms);
    try {
      return await Promise.race([begin(), ended.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }
}
