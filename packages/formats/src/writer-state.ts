import { type Call, SendenseError, throwIfAborted } from '@sendense/core';

/** What a writer of an image may still do: after a failed change, nothing but be disposed (invariant 8). */
export class WriterState {
  #state: 'open' | 'failed' | 'closed' = 'open';
  #position = 0;

  /** Runs one change of the image. Rejects with `NOT_OPEN` after a failed one or when closed, `ABORTED` before it begins. */
  async run<T>(operation: string, call: Call | undefined, change: () => Promise<T>): Promise<T> {
    if (this.#state !== 'open') {
      const why = this.#state === 'closed' ? 'was closed' : 'failed before and can only be disposed';
      throw new SendenseError('NOT_OPEN', `the image writer ${why}`, { operation });
    }
    throwIfAborted(call?.signal, operation);
    return await this.failing(change);
  }

  /** Runs a part of a change; when it fails, the writer has failed. */
  async failing<T>(change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } catch (error) {
      if (this.#state === 'open') this.#state = 'failed';
      throw error;
    }
  }

  /** Throws `RANGE_INVALID` for an offset before the end of the last {@link pass}. */
  checkForwards(offset: number): void {
    if (offset >= this.#position) return;
    throw new SendenseError(
      'RANGE_INVALID',
      `offset ${offset} was passed already: this writer only goes forwards`,
      { operation: 'write-image', context: { offset, position: this.#position } },
    );
  }

  /** Notes that the disk is settled up to `end`. */
  pass(end: number): void {
    this.#position = end;
  }

  /** Nothing runs from now on. */
  close(): void {
    this.#state = 'closed';
  }
}
