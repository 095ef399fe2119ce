import { type BlockReader, SendenseError } from '@sendense/core';

/**
 * Reads of a backup that failed while drivers of the system read it. These say the same then as of a disk that is damaged; what is read in
 * process rejects with the failure itself, and so does what is read over a mount by what is kept in mind here.
 */
export class ReadFailures {
  #count = 0;
  #latest: Error | undefined;

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** The latest one, if there were more than `count`. */
  since(count: number): Error | undefined {
    return this.#count > count ? this.#latest : undefined;
  }

  /**
   * Throws the latest one: what was not shown because of it is there. Where the backup itself is damaged, which is told of a volume in
   * process too, others are read.
   */
  throwLatest(): void {
    if (this.#latest === undefined || isDamage(this.#latest)) return;
    throw this.#latest;
  }

  /** The same reader; what it rejects with is kept in mind, unless somebody cancelled the read. */
  watch(reader: BlockReader): BlockReader {
    return {
      sizeBytes: reader.sizeBytes,
      limits: reader.limits,
      read: async (offset, into, call) => {
        try {
          await reader.read(offset, into, call);
        } catch (error) {
          this.#note(error);
          throw error;
        }
      },
      extents: (range, call) => reader.extents(range, call),
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    };
  }

  #note(error: unknown): void {
    if (!(error instanceof Error) || SendenseError.is(error, 'ABORTED')) return;
    this.#count += 1;
    this.#latest = error;
  }
}

function isDamage(error: Error): boolean {
  return SendenseError.is(error, 'CORRUPT') || SendenseError.is(error, 'FORMAT_UNSUPPORTED');
}
