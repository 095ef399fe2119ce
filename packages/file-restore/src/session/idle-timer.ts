/** Calls back once nothing was going on for a time. It does not keep the process alive. */
export class IdleTimer {
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  #running = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(idleMs: number, onIdle: () => void) {
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
    this.#arm();
  }

  /** Work begins: the time stands still until `leave`. */
  enter(): void {
    this.#running += 1;
    clearTimeout(this.#timer);
  }

  /** Work ended: the time begins anew. */
  leave(): void {
    this.#running -= 1;
    this.#arm();
  }

  /** It calls no more. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#isStopped || this.#running > 0) return;
    this.#timer = setTimeout(this.#onIdle, this.#idleMs);
    this.#timer.unref();
  }
}
