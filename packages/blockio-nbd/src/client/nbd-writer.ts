import {
  type BlockEndpoint,
  type BlockLimits,
  type BlockWriter,
  type Call,
  type NbdEndpoint,
  SendenseError,
} from '@sendense/core';
import { stopAtFailure } from '@sendense/plugin-kit';
import { blockLimits } from './block-limits.ts';
import type { NbdExport } from './nbd-export.ts';

/** How a writer is opened. */
export type NbdWriterOptions = {
  /** What an untouched range of the export reads as; default `unknown`. */
  readonly untouched?: BlockWriter['untouched'];
  /** The export, when the server is known to let another client in, and a flush of one to count for all. */
  readonly endpoint?: NbdEndpoint;
};

/**
 * Writes an export in place, which the writer owns from now on. Throws `READ_ONLY` for a read-only one, and `UNSUPPORTED`
 * for one whose server cannot make writes durable.
 */
export function openNbdWriter(
  destination: NbdExport,
  { untouched = 'unknown', endpoint }: NbdWriterOptions = {},
): BlockWriter {
  const refuse = (code: 'READ_ONLY' | 'UNSUPPORTED', message: string, remedy: string): never => {
    throw new SendenseError(code, message, { operation: 'open-writer', remedy });
  };
  if (destination.readOnly) {
    refuse('READ_ONLY', 'the NBD export is read-only', 'export it writable, or choose another destination');
  }
  if (!destination.offers.flush && !destination.offers.fua) {
    refuse('UNSUPPORTED', 'the NBD server cannot make writes durable', 'use a server that offers flush');
  }
  const writer = new NbdWriter(destination, untouched);
  if (endpoint === undefined) return writer;
  return Object.assign(writer, { endpoint: async (): Promise<BlockEndpoint> => endpoint });
}

class NbdWriter implements BlockWriter {
  readonly sizeBytes: number;
  readonly limits: BlockLimits;
  readonly rewritable = true;
  readonly untouched: BlockWriter['untouched'];
  readonly #to: NbdExport;
  readonly #change = stopAtFailure('the NBD export');

  constructor(to: NbdExport, untouched: BlockWriter['untouched']) {
    this.#to = to;
    this.sizeBytes = to.sizeBytes;
    this.limits = blockLimits(to);
    this.untouched = untouched;
  }

  /** Where the server cannot flush, every write is made durable by itself. */
  get #durable(): boolean {
    return !this.#to.offers.flush;
  }

  async write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    await this.#change('write-blocks', () =>
      this.#to.write(offset, data, { ...call, durable: this.#durable }),
    );
  }

  async zero(offset: number, length: number, call?: Call): Promise<void> {
    await this.#change('zero-blocks', () =>
      this.#to.zero(offset, length, { ...call, durable: this.#durable }),
    );
  }

  async flush(call?: Call): Promise<void> {
    await this.#change('flush-blocks', async () => {
      if (this.#to.offers.flush) await this.#to.flush(call);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#to[Symbol.asyncDispose]();
  }
}
