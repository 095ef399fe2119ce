/** So much of something, e.g. bytes that may be on their way at once, handed out in the order of asking. */
export class Budget {
  readonly #total: number;
  readonly #waiting: { readonly amount: number; readonly start: () => void }[] = [];
  #free: number;

  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  /** What is handed out now. */
  get taken(): number {
    return this.#total - this.#free;
  }

  /**
   * Waits until `amount` is free and takes it; more than there is counts as all. Resolves with what gives it back
   * (once, later calls do nothing), or with `undefined` when the signal fires first.
   */
  async take(amount: number, signal?: AbortSignal): Promise<(() => void) | undefined> {
    const share = Math.min(amount, this.#total);
    if (signal?.aborted) return undefined;
    if (this.#waiting.length > 0 || share > this.#free) {
      if (!(await this.#queue(share, signal))) return undefined;
    } else {
      this.#free -= share;
    }
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#free += share;
      this.#serve();
    };
  }

  /** Runs `work` while it has `amount`; what is more than there is runs alone. */
  async run<T>(amount: number, work: () => Promise<T>): Promise<T> {
    const giveBack = await this.take(amount);
    try {
      return await work();
    } finally {
      giveBack?.();
    }
  }

  async #queue(amount: number, signal?: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const entry = { amount, start: () => resolve(true) };
    const leave = (): void => {
      const index = this.#waiting.indexOf(entry);
      if (index < 0) return;
      this.#waiting.splice(index, 1);
      resolve(false);
      this.#serve();
    };
    this.#waiting.push(entry);
    signal?.addEventListener('abort', leave, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  #serve(): void {
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || next.amount > this.#free) return;
      this.#waiting.shift();
      this.#free -= next.amount;
      next.start();
    }
  }
}
