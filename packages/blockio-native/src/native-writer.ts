import {
  type BlockEndpoint,
  type BlockLimits,
  type BlockWriter,
  type Call,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
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
  #failed = false;

  constructor(to: OpenNative) {
    this.#to = to;
    this.sizeBytes = to.file.size;
    this.limits = limitsOf(to.endpoint.kind);
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

  /** After one failure everything rejects: the kernel reports lost writes only once, so a later flush would lie. */
  async #step<T extends Fallible>(operation: string, run: () => Promise<T>): Promise<T> {
    const { endpoint } = this.#to;
    if (this.#failed) {
      throw new SendenseError('NOT_OPEN', `an earlier write to ${endpoint.path} failed`, {
        operation,
        remedy: 'close this writer and open a new one',
      });
    }
    const result = await run();
    if (result.failure === undefined) return result;
    this.#failed = true;
    throw mapFailure(result.failure, { operation, endpoint });
  }
}
