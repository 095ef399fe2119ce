/** Notices when nothing has been under way for a time. */
export class IdleWatch {
  readonly #timeoutMs: number;
  readonly #onIdle: () => void;
  #busy = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Watches from now on. `onIdle` is called at most once between two beginnings. */
  constructor(timeoutMs: number, onIdle: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#onIdle = onIdle;
    this.#wait();
  }

  /** Something is under way until the returned function is called, once. */
  begin(): () => void {
    this.stop();
    this.#busy += 1;
    return () => {
      this.#busy -= 1;
      if (this.#busy === 0) this.#wait();
    };
  }

  /** Watches no more until something begins and ends. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.#timer = setTimeout(this.#onIdle, this.#timeoutMs);
  }
}
