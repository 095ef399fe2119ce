import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Call, SendenseError, throwIfAborted } from '@sendense/core';

/** Whether one handle is open. Every method of the memory plugins enters through it. */
export class Lifetime {
  readonly #what: string;
  #open = true;

  /** `what` names the handle in errors, e.g. `memory reader`. */
  constructor(what: string) {
    this.#what = what;
  }

  /** Throws `NOT_OPEN` after `close`, `ABORTED` when the call's signal has fired. */
  check(operation: string, call?: Call): void {
    if (!this.#open) {
      throw new SendenseError('NOT_OPEN', `the ${this.#what} is closed`, { operation });
    }
    throwIfAborted(call?.signal, operation);
  }

  /**
   * Checks, gives way to other calls, and checks again, as a plugin does that waits for a platform: what the caller
   * does in the meantime takes hold before anything is changed.
   */
  async enter(operation: string, call?: Call): Promise<void> {
    this.check(operation, call);
    await nextTurn();
    this.check(operation, call);
  }

  /** Closes; `true` the first time, so that giving up happens once. */
  close(): boolean {
    const was = this.#open;
    this.#open = false;
    return was;
  }
}
