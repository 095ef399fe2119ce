/** Handles to give up after a case, newest first. */
export class Cleanup {
  readonly #handles: AsyncDisposable[] = [];

  /** Remembers `handle` and gives it back. What has nothing to dispose is only given back. */
  add<T extends object>(handle: T): T {
    if (Symbol.asyncDispose in handle) this.#handles.push(handle as T & AsyncDisposable);
    return handle;
  }

  /** Disposes all of them, and then rejects if one failed. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const handle of this.#handles.toReversed()) {
      try {
        await handle[Symbol.asyncDispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#handles.length = 0;
    if (failures.length > 0) throw failures[0];
  }
}
