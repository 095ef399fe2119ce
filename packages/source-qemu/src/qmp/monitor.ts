import { type Call, throwIfAborted } from '@sendense/core';
import { connectQmp, type QmpClient } from '@sendense/platform-kvm/qmp';

/**
 * The monitor of a machine, opened for each piece of work and closed after it: QEMU serves one client at a time, and a
 * backup must not keep its owner out for as long as it runs.
 */
export class Monitor {
  readonly path: string;
  readonly #waitMs: number;
  /** The end of the last piece of work of this process. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, waitMs: number) {
    this.path = path;
    this.#waitMs = waitMs;
  }

  /** Does `work` alone on the monitor. Rejects with `LOCKED` when another client does not let go in time. */
  async use<T>(work: (qmp: QmpClient) => Promise<T>, call?: Call): Promise<T> {
    const turn = this.#last.then(() => this.#work(work, call));
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  async #work<T>(work: (qmp: QmpClient) => Promise<T>, call: Call | undefined): Promise<T> {
    throwIfAborted(call?.signal, 'use-monitor');
    await using qmp = await connectQmp(
      { address: { kind: 'unix', path: this.path }, greetingTimeoutMs: this.#waitMs },
      call,
    );
    return await work(qmp);
  }
}
