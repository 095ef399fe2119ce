import {
  type BlockEndpoint,
  type BlockLimits,
  type BlockWriter,
  type Call,
  SendenseError,
} from '@sendense/core';
import { writeZeros } from '@sendense/plugin-kit/files';
import { limitsOf } from './limits.ts';
import type { OpenEndpoint } from './open-endpoint.ts';

/** Writes an existing file or device in place. What it held before stays where nobody writes. */
export class FileWriter implements BlockWriter {
  readonly sizeBytes: number;
  readonly limits: BlockLimits;
  readonly rewritable = true;
  readonly untouched = 'unknown';
  readonly #to: OpenEndpoint;
  #failed = false;

  constructor(to: OpenEndpoint) {
    this.#to = to;
    this.sizeBytes = to.sizeBytes;
    this.limits = limitsOf(to.endpoint.kind);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.#step(() => this.#to.handle.write(data, offset));
  }

  /** Writes zeros only where something else is read, so that holes of a sparse file stay holes. */
  async zero(offset: number, length: number, call?: Call): Promise<void> {
    await this.#step(() => writeZeros(this.#to.handle, { offset, length }, call));
  }

  async flush(): Promise<void> {
    await this.#step(() => this.#to.handle.sync());
  }

  async endpoint(): Promise<BlockEndpoint> {
    return this.#to.endpoint;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#to.handle[Symbol.asyncDispose]();
  }

  /** After one failure everything rejects: the kernel reports lost writes only once, so a later flush would lie. */
  async #step(run: () => Promise<void>): Promise<void> {
    if (this.#failed) {
      throw new SendenseError('NOT_OPEN', `an earlier write to ${this.#to.endpoint.path} failed`, {
        operation: 'write-blocks',
        remedy: 'close this writer and open a new one',
      });
    }
    try {
      await run();
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }
}
