import type { Call } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { AppendFile } from '../qcow2/append-file.ts';
import type { ResumableWriter, WriterCheckpoint } from '../writer-checkpoint.ts';
import { WriterState } from '../writer-state.ts';
import { MARKER, SECTOR_BYTES } from './constants.ts';
import { GrainIntake, type PackedGrain } from './grain-intake.ts';
import { GRAIN_WRITER_LIMITS } from './grain-writer-limits.ts';
import { marker, type StreamEncoder } from './stream-encoder.ts';
import { takeOverGrains } from './take-over-grains.ts';

/** What a {@link StreamVmdkWriter} is made of; it owns the handle of a new, empty file. */
export type StreamVmdkWriterOptions = {
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  readonly encoder: StreamEncoder;
};

/** The end of a flushed image, and where its markers lie in the file. */
type WrittenTail = {
  readonly bytes: number;
  readonly directoryMarker: number;
  readonly footerMarker: number;
};

/**
 * Writes a new streamOptimized image in one forward pass. A flush ends the stream; what is written after it goes behind that
 * end, and until the next flush the header tells where the directory of the flushed image lies: a power loss keeps it. The
 * next flush makes the old end a part that readers pass over.
 */
export class StreamVmdkWriter implements ResumableWriter {
  readonly sizeBytes: number;
  readonly limits = GRAIN_WRITER_LIMITS;
  readonly rewritable = false;
  readonly untouched = 'zero';
  readonly #handle: FileHandle;
  readonly #file: AppendFile;
  readonly #encoder: StreamEncoder;
  readonly #state = new WriterState();
  readonly #grains = new GrainIntake(this.#state, (packed) => this.#append(packed));
  /** What the header in the file says of the grain directory. */
  #header: 'missing' | 'at-end' | 'placed' = 'missing';
  /** The end of the file as it was flushed; nothing was written behind it. */
  #tail: WrittenTail | undefined;
  /** The end that was flushed before, with grains behind it. */
  #passed: WrittenTail | undefined;

  constructor({ handle, sizeBytes, encoder }: StreamVmdkWriterOptions) {
    this.sizeBytes = sizeBytes;
    this.#handle = handle;
    this.#file = new AppendFile(handle);
    this.#encoder = encoder;
  }

  /** Where the next grain comes to lie; see {@link settle}. */
  get fileBytes(): number {
    return this.#encoder.position;
  }

  /** Makes the grains durable without an end of the stream, which would stay between them; see `ResumableWriter`. */
  async settle(call?: Call): Promise<void> {
    await this.#state.run('settle-image', call, async () => {
      await this.#grains.drain();
      await this.#file.drain();
      await this.#handle.sync();
    });
  }

  /** Goes on with the grains of a writer that was settled and never flushed, or flushed only behind them; see `ResumableWriter`. */
  async resume({ doneBytes, fileBytes }: WriterCheckpoint): Promise<void> {
    await this.#state.run('resume-image', undefined, async () => {
      await this.#handle.truncate(fileBytes);
      await takeOverGrains(this.#encoder, this.#handle, fileBytes);
      this.#state.pass(doneBytes);
    });
  }

  write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    return this.#grains.write(offset, data, call);
  }

  zero(offset: number, length: number, call?: Call): Promise<void> {
    return this.#grains.zero(offset, length, call);
  }

  /** Leaves a complete image and makes it durable; more writes may follow. */
  async flush(call?: Call): Promise<void> {
    await this.#state.run('flush-image', call, async () => {
      await this.#grains.drain();
      if (this.#tail !== undefined) return;
      const { bytes, ...markers } = this.#encoder.tail();
      const position = this.#encoder.position;
      await this.#file.write(bytes, position);
      await this.#file.drain();
      await this.#handle.sync();
      await this.#writeHead();
      await this.#passOver();
      this.#tail = {
        bytes: bytes.byteLength,
        directoryMarker: position + markers.directoryMarker,
        footerMarker: position + markers.footerMarker,
      };
    });
  }

  /** Closes the file; what was not flushed may be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state.close();
    await this.#grains.abandon();
    await this.#handle[Symbol.asyncDispose]();
  }

  /** Until the first flush the file has no header, so that nothing takes it for whole. */
  async #writeHead(): Promise<void> {
    if (this.#header === 'at-end') return;
    const head = this.#header === 'missing' ? this.#encoder.head() : this.#encoder.header('at-end');
    await this.#handle.write(head, 0);
    await this.#handle.sync();
    this.#header = 'at-end';
  }

  /** Goes on behind the end of the flushed image, which is found by the header from now on. */
  async #leaveTail(tail: WrittenTail): Promise<void> {
    await this.#handle.write(this.#encoder.header(tail.directoryMarker / SECTOR_BYTES + 1), 0);
    await this.#handle.sync();
    this.#header = 'placed';
    this.#encoder.skip(tail.bytes);
    this.#passed = tail;
    this.#tail = undefined;
  }

  /** Makes the end of an earlier flush a grain table that belongs to nothing: who reads on from there finds the grains behind. */
  async #passOver(): Promise<void> {
    const passed = this.#passed;
    if (passed === undefined) return;
    const directory = passed.footerMarker - passed.directoryMarker - SECTOR_BYTES;
    await this.#handle.write(marker(MARKER.table, directory), passed.directoryMarker);
    // The footer and the end of the stream.
    await this.#handle.write(marker(MARKER.table, 2 * SECTOR_BYTES), passed.footerMarker);
    await this.#handle.sync();
    this.#passed = undefined;
  }

  async #append({ grain, bytes }: PackedGrain): Promise<void> {
    if (bytes === undefined) return;
    if (this.#tail !== undefined) await this.#leaveTail(this.#tail);
    let { position } = this.#encoder;
    for (const piece of this.#encoder.grain(grain, bytes)) {
      await this.#file.write(piece, position);
      position += piece.byteLength;
    }
  }
}
