import {
  type BlockEndpoint,
  type BlockLimits,
  type BlockWriter,
  type Call,
  throwIfAborted,
} from '@sendense/core';
import { type ChangeRunner, stopAtFailure } from '@sendense/plugin-kit';
import type { Fallible } from './addon.ts';
import { limitsOf } from './limits.ts';
import { mapFailure } from './map-error.ts';
import type { OpenNative } from './open-native.ts';

/** Writes an existing file or device in place. What it held before stays where nobody writes. */
export class NativeWriter implements BlockWriter {
  readonly sizeBytes: number;
  readonly limits: BlockLimits;
  readonly rewritable = true;
  readonly untouched = 'unknown';
  readonly #to: OpenNative;
  readonly #change: ChangeRunner;

  constructor(to: OpenNative) {
    this.#to = to;
    this.sizeBytes = to.file.size;
    this.limits = limitsOf(to.endpoint.kind);
    this.#change = stopAtFailure(to.endpoint.path);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.#step('write-blocks', () => this.#to.file.write(offset, data));
  }

  /** Frees the storage of the range where that reads as zeros, and writes zeros elsewhere; holes stay holes. */
  async zero(offset: number, length: number, call?: Call): Promise<void> {
    const end = offset + length;
    for (let at = offset; at < end; ) {
      throwIfAborted(call?.signal, 'zero-blocks');
      const reached = await this.#step('zero-blocks', () => this.#to.file.zero(at, end - at));
      at = reached.end;
    }
  }

  async flush(): Promise<void> {
    await this.#step('flush-blocks', () => this.#to.file.sync());
  }

  async endpoint(): Promise<BlockEndpoint> {
    return this.#to.endpoint;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#to.file.close();
  }

  #step<T extends Fallible>(operation: string, run: () => Promise<T>): Promise<T> {
    return this.#change(operation, async () => {
      const result = await run();
      if (result.failure === undefined) return result;
      throw mapFailure(result.failure, { operation, endpoint: this.#to.endpoint });
    });
  }
}
