/** Runs at most `width` tasks at once, each in the lane whose turn it is. One lane keeps strict order. */
export class Lanes {
  readonly #tails: Promise<unknown>[];
  #turn = 0;

  constructor(width: number) {
    this.#tails = Array.from({ length: Math.max(1, width) }, () => Promise.resolve());
  }

  /** Starts `task` once the lane is free. It is not started after an earlier one of its lane failed. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const lane = this.#turn;
    this.#turn = (lane + 1) % this.#tails.length;
    const result = (this.#tails[lane] ?? Promise.resolve()).then(task);
    // A failure is reported by `result`; here it only must not count as unhandled before somebody looks.
    result.catch(() => undefined);
    this.#tails[lane] = result;
    return result;
  }

  /** Resolves when nothing is under way any more, failed or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#tails);
  }
}
