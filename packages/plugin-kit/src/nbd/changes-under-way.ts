import { SendenseError } from '@sendense/core';

/** The changes of an export that its server may still be at. */
export class ChangesUnderWay {
  readonly #subject: string;
  readonly #settling = new Set<Promise<unknown>>();
  #ended = false;

  /** @param subject - the export as a person names it */
  constructor(subject: string) {
    this.#subject = subject;
  }

  /** Runs a change; rejects as it does, and with `NOT_OPEN` once they were ended. */
  async run<T>(operation: string, change: () => Promise<T>): Promise<T> {
    if (this.#ended) throw new SendenseError('NOT_OPEN', `${this.#subject} was closed`, { operation });
    const running = change();
    const settling = running.then(ignore, ignore);
    this.#settling.add(settling);
    try {
      return await running;
    } finally {
      this.#settling.delete(settling);
    }
  }

  /**
   * Lets none begin any more, and resolves once all have settled, or after `timeoutMs`. What a server was sent it may do as long as it
   * has not answered, also after the connection is gone: whoever closes one before that has written later.
   */
  async end(timeoutMs: number): Promise<void> {
    this.#ended = true;
    if (this.#settling.size === 0) return;
    const expired = Promise.withResolvers<void>();
    const timer = setTimeout(expired.resolve, timeoutMs);
    await Promise.race([Promise.all(this.#settling), expired.promise]);
    clearTimeout(timer);
  }
}

function ignore(): void {}
