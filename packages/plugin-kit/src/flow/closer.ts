/** What was opened for one thing, closed newest first. (Node.js 22 has no `AsyncDisposableStack`.) */
export class Closer implements AsyncDisposable {
  readonly #handles: AsyncDisposable[] = [];

  /** Closes `handle` with the others. */
  add<T extends AsyncDisposable>(handle: T): T {
    this.#handles.push(handle);
    return handle;
  }

  /** Every handle is closed, whatever closing another one does; the first failure is thrown. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let handle = this.#handles.pop(); handle !== undefined; handle = this.#handles.pop()) {
      try {
        await handle[Symbol.asyncDispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Runs what opens things; closes them again when it fails. Rejects with that failure. */
export async function orClose<T>(closer: Closer, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    await closer[Symbol.asyncDispose]().catch(() => undefined); // the failure itself is told
    throw error;
  }
}
