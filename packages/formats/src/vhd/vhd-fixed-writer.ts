import type { Call } from '@sendense/core';
import { RawWriter, type RawWriterOptions } from '../raw/raw-writer.ts';
import { serializeFooter, type VhdFooter } from './footer.ts';

/** Writes a fixed VHD: the disk as it is, in any order. Until the first {@link flush} it has no footer. */
export class VhdFixedWriter extends RawWriter {
  readonly #options: RawWriterOptions;
  readonly #footer: Uint8Array;
  #hasFooter = false;

  constructor(options: RawWriterOptions, footer: VhdFooter) {
    super(options);
    this.#options = options;
    this.#footer = serializeFooter(footer);
  }

  /** Bytes of the file when it is complete. */
  get fileBytes(): number {
    return this.sizeBytes + this.#footer.byteLength;
  }

  override async flush(call?: Call): Promise<void> {
    await super.flush(call);
    if (this.#hasFooter) return;
    await this.#options.handle.write(this.#footer, this.sizeBytes);
    this.#hasFooter = true;
    await super.flush(call);
  }
}
