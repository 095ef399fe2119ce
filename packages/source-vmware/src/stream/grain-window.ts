import { SendenseError } from '@sendense/core';
import type { Grain } from './inflate-grains.ts';

/** The grains of a disk that were received and not yet read: some of them, whatever the size of the disk. */
export class GrainWindow {
  readonly #source: AsyncIterator<Grain>;
  readonly #grains: Grain[] = [];
  #pulling: Promise<void> | undefined;
  #heldBytes = 0;
  /** Before it everything is known. */
  #known = 0;
  /** A source that has failed ends then: its end is not that of the disk. */
  #failure: { readonly error: unknown } | undefined;
  readonly #sizeBytes: number;

  constructor(source: AsyncIterable<Grain>, sizeBytes: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#sizeBytes = sizeBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Receives until everything before `offset` is known. Several at once wait for the same grain. */
  async reach(offset: number): Promise<void> {
    while (this.#known < offset) {
      if (this.#failure !== undefined) throw this.#failure.error;
      this.#pulling ??= this.#pull().finally(() => {
        this.#pulling = undefined;
      });
      await this.#pulling;
    }
  }

  /** Receives one more grain. Resolves with the end of what is known. */
  async more(): Promise<number> {
    await this.reach(Math.min(this.#known + 1, this.#sizeBytes));
    return this.#known;
  }

  /** The first grain held that ends after `offset`. */
  after(offset: number): Grain | undefined {
    return this.#grains.find(({ start, data }) => start + data.byteLength > offset);
  }

  /** Fills `into` from `offset` on out of what is held, zeros between; then lets go what lies before its end. */
  take(offset: number, into: Uint8Array): void {
    const end = offset + into.byteLength;
    into.fill(0);
    for (const { start, data } of this.#grains) {
      if (start >= end) break;
      const from = Math.max(start, offset);
      const to = Math.min(start + data.byteLength, end);
      if (from < to) into.set(data.subarray(from - start, to - start), from - offset);
    }
    for (let first = this.#grains[0]; first !== undefined && first.start + first.data.byteLength <= end; ) {
      this.#heldBytes -= first.data.byteLength;
      this.#grains.shift();
      first = this.#grains[0];
    }
  }

  /** Closes the source once what it is doing has ended. */
  async close(): Promise<void> {
    this.#failure ??= { error: notOpen() };
    await this.#pulling?.catch(() => undefined);
    await this.#source.return?.();
  }

  async #pull(): Promise<void> {
    const { done, value } = await this.#source.next().catch((error: unknown) => {
      this.#failure ??= { error };
      throw error;
    });
    if (this.#failure !== undefined) throw this.#failure.error;
    if (done === true) {
      this.#known = this.#sizeBytes;
      return;
    }
    this.#grains.push(value);
    this.#heldBytes += value.data.byteLength;
    // the end of the disk is known when the stream has ended well, not with its last grain
    this.#known = Math.min(value.start + value.data.byteLength, this.#sizeBytes - 1);
  }
}

/** The error of what is asked of a disk that was closed. */
export function notOpen(): SendenseError {
  return new SendenseError('NOT_OPEN', 'the disk was closed', { operation: 'read-disk' });
}
