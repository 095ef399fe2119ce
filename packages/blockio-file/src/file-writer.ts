import type { BlockEndpoint, BlockLimits, BlockWriter, Call } from '@sendense/core';
import { type ChangeRunner, stopAtFailure } from '@sendense/plugin-kit';
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
  readonly #change: ChangeRunner;

  constructor(to: OpenEndpoint) {
    this.#to = to;
    this.sizeBytes = to.sizeBytes;
    this.limits = limitsOf(to.endpoint.kind);
    this.#change = stopAtFailure(to.endpoint.path);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.#change('write-blocks', () => this.#to.handle.write(data, offset));
  }

  /** Writes zeros only where something else is read, so that holes of a sparse file stay holes. */
  async zero(offset: number, length: number, call?: Call): Promise<void> {
    await this.#change('zero-blocks', () => writeZeros(this.#to.handle, { offset, length }, call));
  }

  async flush(): Promise<void> {
    await this.#change('flush-blocks', () => this.#to.handle.sync());
  }

  async endpoint(): Promise<BlockEndpoint> {
    return this.#to.endpoint;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#to.handle[Symbol.asyncDispose]();
  }
}
