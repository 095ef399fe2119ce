import {
  type BlockLimits,
  type BlockReader,
  type BlockWriter,
  type Call,
  type CopyOptions,
  type CopyResult,
  copyBlocks,
  type Extent,
} from '@sendense/core';

/** Limits that the writers of all formats keep, those of QCOW2 with 64 KiB clusters: known before a file is made. */
export const WHOLE_LIMITS: BlockLimits = {
  alignmentBytes: 64 * 1024,
  maxBytes: 8 * 1024 * 1024,
  maxInFlight: 1,
  order: 'ascending',
};

/** How a {@link WholeWriter} gets and remembers its file. */
export type WholeWriterOptions = {
  readonly sizeBytes: number;
  /** Makes a new file in place of what is there. */
  readonly create: () => Promise<BlockWriter>;
  /** The new file, when it was made already. */
  readonly created?: BlockWriter;
  /** An earlier attempt left a file that was flushed to its end. */
  readonly isFlushed: boolean;
  /** Keeps whether the file is whole; awaited before the first change of a whole one. */
  readonly save: (isFlushed: boolean) => Promise<void>;
};

/**
 * Writes a file that can only be made in one go. What an earlier attempt finished is kept as long as nobody writes; the
 * first write starts the file over, so a copy that is repeated must be repeated wholly: there is no `durable`.
 */
export class WholeWriter implements BlockWriter {
  readonly sizeBytes;
  readonly limits = WHOLE_LIMITS;
  readonly rewritable = false;
  readonly untouched = 'zero';
  readonly #options: WholeWriterOptions;
  #inner: Promise<BlockWriter> | undefined;
  #isFlushed;

  constructor(options: WholeWriterOptions) {
    this.sizeBytes = options.sizeBytes;
    this.#options = options;
    this.#isFlushed = options.isFlushed;
    this.#inner = options.created === undefined ? undefined : Promise.resolve(options.created);
  }

  async write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    const inner = await this.#changed();
    await inner.write(offset, data, call);
  }

  async zero(offset: number, length: number, call?: Call): Promise<void> {
    const inner = await this.#changed();
    await inner.zero(offset, length, call);
  }

  /** Copies by the driver of the options where it can reach both ends. */
  async copyFrom(
    from: BlockReader,
    extents: AsyncIterable<Extent>,
    { signal, onProgress, ...options }: CopyOptions = {},
  ): Promise<CopyResult> {
    const to = await this.#changed();
    const { bytesRead, bytesWritten, bytesZeroed } = await copyBlocks(
      { from, to, extents, ...options },
      { ...(signal && { signal }), ...(onProgress && { onProgress }) },
    );
    return { bytesRead, bytesWritten, bytesZeroed };
  }

  async flush(call?: Call): Promise<void> {
    if (this.#isFlushed) return;
    const inner = await this.#open();
    await inner.flush(call);
    await this.#options.save(true);
    this.#isFlushed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const inner = await this.#inner?.catch(() => undefined);
    await inner?.[Symbol.asyncDispose]();
  }

  async #changed(): Promise<BlockWriter> {
    if (this.#isFlushed) {
      this.#isFlushed = false;
      await this.#options.save(false);
    }
    return await this.#open();
  }

  #open(): Promise<BlockWriter> {
    this.#inner ??= this.#options.create();
    return this.#inner;
  }
}
