import type { FileHandle } from '@sendense/plugin-kit/files';

/** Small writes are gathered up to this size; larger ones go straight down. */
const GATHER_BYTES = 1024 * 1024;

/** Writes that mostly continue where the last one ended: neighbours become one file write. */
export class AppendFile {
  readonly #handle: FileHandle;
  readonly #buffer = new Uint8Array(GATHER_BYTES);
  #position = 0;
  #used = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Takes `data` for `position`; the caller may reuse it. On the file after the next {@link drain}. */
  async write(data: Uint8Array, position: number): Promise<void> {
    const continues = position === this.#position + this.#used;
    if (!continues || this.#used + data.byteLength > GATHER_BYTES) await this.drain();
    if (data.byteLength >= GATHER_BYTES / 4 && this.#used === 0) {
      await this.#handle.write(data, position);
      return;
    }
    if (this.#used === 0) this.#position = position;
    this.#buffer.set(data, this.#used);
    this.#used += data.byteLength;
  }

  /** Hands everything gathered to the file. */
  async drain(): Promise<void> {
    if (this.#used === 0) return;
    const gathered = this.#buffer.subarray(0, this.#used);
    await this.#handle.write(gathered, this.#position);
    this.#position += this.#used;
    this.#used = 0;
  }
}
