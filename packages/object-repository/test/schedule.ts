import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Interceptor } from './memory-store.ts';

type Waiting = { readonly run: () => void };

/** One of several processes at a store. */
type Actor = { readonly waiting: Waiting[]; isDone: boolean };

/**
 * Lets several processes use a store one operation at a time: whenever each of them waits for one or has ended, `choose` says
 * whose oldest operation is next. So a seed decides the whole order.
 */
export class Schedule {
  readonly #actors: Actor[] = [];
  readonly #choose: (below: number) => number;
  readonly #beforeEach: () => void;
  operations = 0;

  constructor(choose: (below: number) => number, beforeEach: () => void) {
    this.#choose = choose;
    this.#beforeEach = beforeEach;
  }

  /** Adds a process that reaches its store through the interceptor. Settles as the process does. */
  async actor<T>(run: (intercept: Interceptor) => Promise<T>): Promise<T> {
    const actor: Actor = { waiting: [], isDone: false };
    this.#actors.push(actor);
    const intercept: Interceptor = async (_, operation) => {
      await new Promise<void>((resolve) => actor.waiting.push({ run: resolve }));
      operation();
    };
    try {
      return await run(intercept);
    } finally {
      actor.isDone = true;
    }
  }

  /** Runs until every process has ended. */
  async play(): Promise<void> {
    for (;;) {
      while (!this.#actors.every(({ waiting, isDone }) => isDone || waiting.length > 0)) await nextTurn();
      const ready = this.#actors.filter(({ waiting }) => waiting.length > 0);
      const next = ready[this.#choose(ready.length)]?.waiting.shift();
      if (next === undefined) return;
      this.operations += 1;
      this.#beforeEach();
      next.run();
      await nextTurn();
    }
  }
}
