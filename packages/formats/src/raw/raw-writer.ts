import {
  type BlockEndpoint,
  type BlockWriter,
  type Call,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { type FileHandle, writeZeros } from '@sendense/plugin-kit/files';
import { WrittenPieces } from './written-pieces.ts';

/** What a {@link RawWriter} is made of; it owns the handle. */
export type RawWriterOptions = {
  readonly path: string;
  readonly kind: 'file' | 'device';
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  /** The file is new and reads as zeros. */
  readonly fresh: boolean;
};

/** Writes a raw file or block device at any offset, any number of times. */
export class RawWriter implements BlockWriter {
  readonly sizeBytes: number;
  readonly limits = {
    alignmentBytes: 1,
    maxBytes: 8 * 1024 * 1024,
    maxInFlight: 8,
    order: 'random',
  } as const;
  readonly rewritable = true;
  readonly untouched;
  readonly #options: RawWriterOptions;
  readonly #written: WrittenPieces | undefined;
  /** Somebody else may write too: what was written is then found by reading. */
  #shared = false;
  #state: 'open' | 'failed' | 'closed' = 'open';

  constructor(options: RawWriterOptions) {
    this.sizeBytes = options.sizeBytes;
    this.untouched = options.fresh ? ('zero' as const) : ('unknown' as const);
    this.#options = options;
    this.#written = options.fresh ? new WrittenPieces(options.sizeBytes) : undefined;
  }

  async write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    await this.#guarded('write-image', call, async () => {
      this.#written?.add({ offset, length: data.byteLength });
      await this.#options.handle.write(data, offset);
    });
  }

  /** Writes only where something else is read, and in a new file looks only where something may have been written. */
  async zero(offset: number, length: number, call?: Call): Promise<void> {
    await this.#guarded('write-image', call, async () => {
      const known = this.#shared ? undefined : this.#written?.within({ offset, length });
      for (const range of known ?? [{ offset, length }]) await writeZeros(this.#options.handle, range, call);
    });
  }

  async flush(call?: Call): Promise<void> {
    await this.#guarded('flush-image', call, () => this.#options.handle.sync());
  }

  async endpoint(): Promise<BlockEndpoint> {
    this.#shared = true;
    return { kind: this.#options.kind, path: this.#options.path };
  }

  /** Closes the file; what was not flushed may be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = 'closed';
    await this.#options.handle[Symbol.asyncDispose]();
  }

  async #guarded(operation: string, call: Call | undefined, run: () => Promise<void>): Promise<void> {
    if (this.#state !== 'open') {
      const why = this.#state === 'closed' ? 'was closed' : 'failed before and can only be disposed';
      throw new SendenseError('NOT_OPEN', `the image writer ${why}`, { operation });
    }
    throwIfAborted(call?.signal, 'write-image');
    try {
      await run();
    } catch (error) {
      if (this.#state === 'open') this.#state = 'failed';
      throw error;
    }
  }
}
