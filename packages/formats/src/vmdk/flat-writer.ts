import type { BlockEndpoint, BlockWriter, Call } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import type { RawWriter } from '../raw/raw-writer.ts';
import { WriterState } from '../writer-state.ts';

/** What a {@link FlatVmdkWriter} is made of; it owns the writer and the handle. */
export type FlatVmdkWriterOptions = {
  /** The new file with the bytes of the disk. */
  readonly extent: RawWriter;
  /** The new, empty file of the descriptor. */
  readonly handle: FileHandle;
  readonly descriptor: Uint8Array;
};

/** Writes a new flat image: a raw file beside a descriptor, which is empty until the first {@link flush}. */
export class FlatVmdkWriter implements BlockWriter {
  readonly sizeBytes: number;
  readonly limits: RawWriter['limits'];
  readonly rewritable = true;
  readonly untouched = 'zero';
  readonly #options: FlatVmdkWriterOptions;
  readonly #state = new WriterState();
  #described = false;

  constructor(options: FlatVmdkWriterOptions) {
    this.sizeBytes = options.extent.sizeBytes;
    this.limits = options.extent.limits;
    this.#options = options;
  }

  async write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    await this.#options.extent.write(offset, data, call);
  }

  async zero(offset: number, length: number, call?: Call): Promise<void> {
    await this.#options.extent.zero(offset, length, call);
  }

  async flush(call?: Call): Promise<void> {
    const { extent, handle, descriptor } = this.#options;
    await this.#state.run('flush-image', call, async () => {
      await extent.flush(call);
      if (this.#described) return;
      await handle.write(descriptor, 0);
      await handle.sync();
      this.#described = true;
    });
  }

  /** The flat file: its bytes are those of the disk. */
  async endpoint(): Promise<BlockEndpoint> {
    return await this.#options.extent.endpoint();
  }

  /** Closes both files; what was not flushed may be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state.close();
    await this.#options.extent[Symbol.asyncDispose]();
    await this.#options.handle[Symbol.asyncDispose]();
  }
}
