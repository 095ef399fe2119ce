import type { Call } from '@sendense/core';
import type { ByteSource } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import type { JournaledBlock, JournalOverlay } from './journal.ts';

/** The first bytes of a block that begins like one of the journal are replaced by zeros in the log. */
const ESCAPED = Uint8Array.of(0xc0, 0x3b, 0x39, 0x98);

/** A volume as it would be after its journal was replayed; nothing is written. */
export class JournaledSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #inner: ByteSource;
  readonly #overlay: JournalOverlay;
  readonly #blockBytes: number;

  /** Throws `CORRUPT` when the journal names a block that the volume does not have. */
  constructor(inner: ByteSource, overlay: JournalOverlay, blockBytes: number) {
    this.#inner = inner;
    this.#overlay = overlay;
    this.#blockBytes = blockBytes;
    this.sizeBytes = inner.sizeBytes;
    for (const block of overlay.keys())
      if ((block + 1) * blockBytes > inner.sizeBytes)
        throw damaged('the journal names a block outside of the volume');
  }

  async read(offset: number, into: Uint8Array, call?: Call): Promise<void> {
    await this.#inner.read(offset, into, call);
    const last = Math.floor((offset + into.byteLength - 1) / this.#blockBytes);
    for (let block = Math.floor(offset / this.#blockBytes); block <= last; block += 1) {
      const newer = this.#overlay.get(block);
      if (newer !== undefined) await this.#lay(newer, block * this.#blockBytes, offset, into, call);
    }
  }

  async #lay(
    { at, isEscaped }: JournaledBlock,
    start: number,
    offset: number,
    into: Uint8Array,
    call: Call | undefined,
  ): Promise<void> {
    const bytes = new Uint8Array(this.#blockBytes);
    await this.#inner.read(at, bytes, call);
    if (isEscaped) bytes.set(ESCAPED);
    const from = Math.max(start, offset);
    const to = Math.min(start + this.#blockBytes, offset + into.byteLength);
    into.set(bytes.subarray(from - start, to - start), from - offset);
  }
}
