import { type Call, SendenseError } from '@sendense/core';
import { type Limited, limitConcurrency } from '@sendense/plugin-kit';
import { type BlockSizes, ExportFlag } from '../../protocol/index.ts';
import { allocationContext } from './allocation-context.ts';
import { blockSizesOf, checkExport } from './check-export.ts';
import type { ServedContext, ServedExport } from './served-export.ts';

/** How much is zeroed at once. */
const ZERO_STEP_BYTES = 256 * 1024 * 1024;
/** How much is zeroed by writing at once. */
const ZEROS = new Uint8Array(1024 * 1024);

/** A served disk with what all its connections share: the limits of its reader and writer, and the list of its users. */
export class OpenExport {
  readonly name: string;
  readonly description: string;
  readonly sizeBytes: number;
  readonly sizes: BlockSizes;
  readonly readOnly: boolean;
  readonly contexts: readonly ServedContext[];
  /** Each is told to leave when the export is removed; resolves when it has left. */
  readonly users = new Set<() => Promise<void>>();
  readonly #served: ServedExport;
  readonly #reads: Limited;
  readonly #writes: Limited;

  /** Throws `CONFIG_INVALID` for a disk that cannot be served. */
  constructor(name: string, served: ServedExport, maxPayloadBytes: number) {
    checkExport(name, served);
    this.name = name;
    this.description = served.description ?? '';
    this.sizeBytes = served.reader.sizeBytes;
    this.sizes = blockSizesOf(served, maxPayloadBytes);
    this.readOnly = served.writer === undefined;
    this.contexts = [allocationContext(served.reader), ...(served.contexts ?? [])];
    this.#served = served;
    this.#reads = limitConcurrency(served.reader.limits.maxInFlight);
    this.#writes = limitConcurrency(served.writer?.limits.maxInFlight ?? 1);
  }

  /** Flags of the handshake; `structured` says whether replies have chunks. */
  flags(structured: boolean): number {
    const { flush, fua, trim, writeZeroes } = ExportFlag;
    return (
      ExportFlag.hasFlags |
      ExportFlag.cache |
      (this.readOnly ? ExportFlag.readOnly : flush | fua | trim | writeZeroes) |
      (structured ? ExportFlag.dontFragment : 0) |
      (this.#served.multiConnection === false ? 0 : ExportFlag.multiConnection)
    );
  }

  async read(offset: number, into: Uint8Array, call: Call): Promise<void> {
    const { reader } = this.#served;
    const step = reader.limits.maxBytes;
    for (let at = 0; at < into.byteLength; at += step) {
      const part = into.subarray(at, at + step);
      await this.#reads(() => reader.read(offset + at, part, call), call.signal);
    }
  }

  /** Goes on when its client leaves: a write that was cut off could never be followed by another one. */
  async write(offset: number, data: Uint8Array): Promise<void> {
    const writer = this.#writer();
    const step = writer.limits.maxBytes;
    for (let at = 0; at < data.byteLength; at += step) {
      const part = data.subarray(at, at + step);
      await this.#writes(() => writer.write(offset + at, part));
    }
  }

  /** Leaves holes where the writer can. Stops between two steps when the client is gone: a disk may take hours. */
  async zero(offset: number, length: number, call: Call): Promise<void> {
    const writer = this.#writer();
    for (let at = 0; at < length && call.signal?.aborted !== true; at += ZERO_STEP_BYTES) {
      const step = Math.min(ZERO_STEP_BYTES, length - at);
      await this.#writes(() => writer.zero(offset + at, step));
    }
  }

  /** Writes zeros, so that later writes to the range need no more space. Stops as `zero` does. */
  async fill(offset: number, length: number, call: Call): Promise<void> {
    for (let at = 0; at < length && call.signal?.aborted !== true; at += ZEROS.byteLength) {
      await this.write(offset + at, ZEROS.subarray(0, Math.min(ZEROS.byteLength, length - at)));
    }
  }

  async flush(): Promise<void> {
    await this.#writes(() => this.#writer().flush());
  }

  #writer() {
    const { writer } = this.#served;
    if (writer !== undefined) return writer;
    throw new SendenseError('READ_ONLY', 'the export is read-only', { operation: 'serve-nbd' });
  }
}
