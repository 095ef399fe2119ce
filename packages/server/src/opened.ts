/** What was opened, closed newest first. (Node.js 22 has no `AsyncDisposableStack`.) */
export class Opened implements AsyncDisposable {
  readonly #handles: AsyncDisposable[] = [];

  /** Closes `handle` with the others. */
  add<T extends AsyncDisposable>(handle: T): T {
    this.#handles.push(handle);
    return handle;
  }

  /** Closes everything, whatever closing one thing does; the first failure is thrown. */
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
