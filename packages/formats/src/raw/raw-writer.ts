import {
  type BlockEndpoint,
  type BlockIoDriver,
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
  /** The first that can write the file makes zeros where it is not known what was written: it may know of holes. */
  readonly drivers?: readonly BlockIoDriver[];
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
  /** Somebody else may write too: what was written is then not known. */
  #shared = false;
  #zeros: Promise<BlockWriter> | undefined;
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

  /**
   * Writes only where something else is read, and in a new file looks only where something may have been written. Once others
   * may write too a driver does it, which need not read the holes of a sparse file; without one all is read.
   */
  async zero(offset: number, length: number, call?: Call): Promise<void> {
    await this.#guarded('write-image', call, async () => {
      const known = this.#shared ? undefined : this.#written?.within({ offset, length });
      const driver = known === undefined ? await this.#byDriver() : undefined;
      if (driver !== undefined) return await driver.zero(offset, length, call);
      for (const range of known ?? [{ offset, length }]) await writeZeros(this.#options.handle, range, call);
    });
  }

  async flush(call?: Call): Promise<void> {
    await this.#guarded('flush-image', call, () => this.#options.handle.sync());
  }

  async endpoint(): Promise<BlockEndpoint> {
    this.#shared = true;
    return this.#place();
  }

  /** Closes the file; what was not flushed may be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = 'closed';
    const opened = await this.#zeros?.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
    await this.#options.handle[Symbol.asyncDispose]();
  }

  #place(): BlockEndpoint {
    return { kind: this.#options.kind, path: this.#options.path };
  }

  /** The same file by a driver, opened once; a sync of either makes durable what both wrote. */
  async #byDriver(): Promise<BlockWriter | undefined> {
    const driver = this.#options.drivers?.find((candidate) => candidate.supports(this.#place(), 'write'));
    this.#zeros ??= driver?.openWriter(this.#place());
    return await this.#zeros;
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
