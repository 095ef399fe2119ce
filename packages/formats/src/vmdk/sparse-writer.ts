import type { BlockReader, Call, CopyOptions, CopyResult, Extent, FileEndpoint } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { copyIntoImage } from '../copy/copy-into-image.ts';
import type { ClusterPlacer, Reserved } from '../copy/copy-sink.ts';
import { writerSink } from '../copy/writer-sink.ts';
import { AppendFile } from '../qcow2/append-file.ts';
import type { ResumableWriter, WriterCheckpoint } from '../writer-checkpoint.ts';
import { WriterState } from '../writer-state.ts';
import { GRAIN_BYTES, GRAIN_SECTORS, SECTOR_BYTES } from './constants.ts';
import { GrainTables } from './grain-tables.ts';
import { GRAIN_WRITER_LIMITS } from './grain-writer-limits.ts';
import { serializeHostedHeader } from './hosted-header.ts';
import type { SparseLayout } from './sparse-layout.ts';
import { tooMuchData } from './stream-encoder.ts';

/** What a {@link SparseVmdkWriter} is made of; it owns the handle of a new, empty file. */
export type SparseVmdkWriterOptions = {
  readonly handle: FileHandle;
  readonly layout: SparseLayout;
  /** The embedded descriptor. */
  readonly descriptor: Uint8Array;
  /** By what a driver reaches the same file. */
  readonly endpoint?: FileEndpoint;
};

/** The most grains that an image can have, those that header and tables take too: sector numbers have 32 bits. */
export const MOST_GRAINS = Math.floor((2 ** 32 - 1) / GRAIN_SECTORS);

/** Writes a new monolithicSparse image in one forward pass. Until the first {@link flush} the file has no header. */
export class SparseVmdkWriter implements ResumableWriter, ClusterPlacer {
  readonly sizeBytes: number;
  readonly limits = GRAIN_WRITER_LIMITS;
  readonly rewritable = false;
  readonly untouched = 'zero';
  readonly clusterBytes = GRAIN_BYTES;
  readonly fileEndpoint: FileEndpoint | undefined;
  readonly #options: SparseVmdkWriterOptions;
  readonly #file: AppendFile;
  readonly #tables: GrainTables;
  readonly #state = new WriterState();
  /** The place of the next grain, in grains from the start of the file. */
  #next: number;
  /** The file is known to be this long. */
  #fileBytes = 0;
  #flushed = false;
  #changed = true;

  constructor(options: SparseVmdkWriterOptions) {
    const { handle, layout, endpoint } = options;
    this.sizeBytes = layout.header.capacity * SECTOR_BYTES;
    this.fileEndpoint = endpoint;
    this.#options = options;
    this.#file = new AppendFile(handle);
    this.#tables = new GrainTables(this.#file, layout);
    this.#next = layout.header.overhead / GRAIN_SECTORS;
  }

  /** Length of the file in bytes when it is flushed now. */
  get fileBytes(): number {
    return this.#next * GRAIN_BYTES;
  }

  /** Goes on with the image of another writer; see `ResumableWriter`. */
  async resume({ doneBytes, fileBytes }: WriterCheckpoint): Promise<void> {
    await this.#state.run('resume-image', undefined, async () => {
      const { handle } = this.#options;
      await handle.truncate(fileBytes);
      await this.#tables.resume(handle, Math.ceil(doneBytes / GRAIN_BYTES));
      this.#next = fileBytes / GRAIN_BYTES;
      this.#fileBytes = fileBytes;
      this.#state.pass(doneBytes);
    });
  }

  async write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    await this.#change(offset, data.byteLength, call, async () => {
      const position = this.#next * GRAIN_BYTES;
      await this.#refer(offset, data.byteLength);
      await this.#file.write(data, position);
    });
  }

  async zero(offset: number, length: number, call?: Call): Promise<void> {
    await this.#change(offset, length, call, async () => undefined);
  }

  /** Lets a driver of the options write the grains; see `BlockWriter.copyFrom`. The image is the same as by writes. */
  async copyFrom(
    source: BlockReader,
    extents: AsyncIterable<Extent>,
    options?: CopyOptions,
  ): Promise<CopyResult> {
    const sink = writerSink(this);
    return await this.#state.failing(() => copyIntoImage({ placer: this, sink, source }, extents, options));
  }

  /** Says where up to `length` bytes will lie, and makes the file long enough; see `ClusterPlacer`. */
  async reserve(offset: number, length: number): Promise<Reserved> {
    this.#state.checkForwards(offset);
    return await this.#state.run('write-image', undefined, async () => {
      const position = this.#next * GRAIN_BYTES;
      const end = position + Math.ceil(length / GRAIN_BYTES) * GRAIN_BYTES;
      await this.#lengthen(end);
      return { position, length: end - position, end: this.sizeBytes };
    });
  }

  /** Refers to the data of whole grains of the disk that a driver wrote to the place reserved for it. */
  async refer(offset: number, length: number): Promise<void> {
    await this.#change(offset, length, undefined, () => this.#refer(offset, length));
  }

  /** Leaves a complete image and makes it durable; more writes may follow. */
  async flush(call?: Call): Promise<void> {
    await this.#state.run('flush-image', call, async () => {
      if (!this.#changed) return;
      const { handle } = this.#options;
      await this.#file.drain();
      await handle.truncate(this.fileBytes);
      this.#fileBytes = this.fileBytes;
      if (this.#flushed) await handle.sync();
      else await this.#tables.writeDirectories();
      await this.#tables.write();
      await this.#file.drain();
      await handle.sync();
      await this.#writeHead();
      this.#changed = false;
    });
  }

  /** Closes the file; what was not flushed may be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state.close();
    await this.#options.handle[Symbol.asyncDispose]();
  }

  async #change(
    offset: number,
    length: number,
    call: Call | undefined,
    change: () => Promise<void>,
  ): Promise<void> {
    this.#state.checkForwards(offset);
    await this.#state.run('write-image', call, async () => {
      this.#state.pass(offset + length);
      this.#changed = true;
      await change();
    });
  }

  /** Gives out the next places of the file to the grains from `offset` on. */
  async #refer(offset: number, length: number): Promise<void> {
    const first = offset / GRAIN_BYTES;
    const end = Math.ceil((offset + length) / GRAIN_BYTES);
    if (this.#next + end - first > MOST_GRAINS) throw tooMuchData();
    for (let grain = first; grain < end; grain += 1) {
      if (this.#tables.leaves(grain)) await this.#leaveTable();
      this.#tables.enter(grain);
      this.#tables.set(grain, this.#next * GRAIN_SECTORS);
      this.#next += 1;
    }
  }

  /** Once an image was flushed, no table may refer to grains that a power loss would take. */
  async #leaveTable(): Promise<void> {
    if (this.#flushed) {
      await this.#file.drain();
      await this.#lengthen(this.fileBytes);
      await this.#options.handle.sync();
    }
    await this.#tables.write();
  }

  /** A driver writes inside a file only, and a grain lies inside it. */
  async #lengthen(sizeBytes: number): Promise<void> {
    if (sizeBytes <= this.#fileBytes) return;
    const { handle } = this.#options;
    if ((await handle.size()) < sizeBytes) await handle.truncate(sizeBytes);
    this.#fileBytes = sizeBytes;
  }

  async #writeHead(): Promise<void> {
    if (this.#flushed) return;
    const { handle, layout, descriptor } = this.#options;
    await handle.write(descriptor, SECTOR_BYTES);
    await handle.write(serializeHostedHeader(layout.header), 0);
    await handle.sync();
    this.#flushed = true;
  }
}
