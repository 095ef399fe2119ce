import {
  type BlockReader,
  type BlockWriter,
  type Call,
  type CopyOptions,
  type CopyResult,
  type Extent,
  type FileEndpoint,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { PackingLine } from '../compress/packing-line.ts';
import { copyIntoImage } from '../copy/copy-into-image.ts';
import type { ClusterPlacer, Reserved } from '../copy/copy-sink.ts';
import type { ResumableWriter, WriterCheckpoint } from '../writer-checkpoint.ts';
import { AppendFile } from './append-file.ts';
import { ClusterAppender, MAX_REFCOUNT } from './cluster-appender.ts';
import { type PackedCluster, packCluster } from './compress-cluster.ts';
import { CompressedAppender } from './compressed-appender.ts';
import { COPIED_HIGH, ZERO_LOW } from './constants.ts';
import type { ImageLayout } from './image-layout.ts';
import { TableWriter } from './table-writer.ts';

/** What a {@link Qcow2Writer} is made of; it owns the handle of a new, empty file. */
export type Qcow2WriterOptions = {
  readonly handle: FileHandle;
  readonly layout: ImageLayout;
  /** First cluster of the file: header, extensions, backing file name. */
  readonly header: Uint8Array;
  readonly sizeBytes: number;
  readonly hasBacking: boolean;
  readonly compression?: 'zlib' | 'zstd';
  /** By what a driver reaches the same file. */
  readonly endpoint?: FileEndpoint;
};

/** Writes a new QCOW2 image in one forward pass. Until the first {@link flush} the file has no header. */
export class Qcow2Writer implements ResumableWriter, ClusterPlacer {
  readonly sizeBytes: number;
  readonly limits;
  readonly rewritable = false;
  readonly untouched;
  readonly clusterBytes: number;
  /** What a driver writes the clusters to; none for a compressed image, whose clusters lie anywhere. */
  readonly fileEndpoint: FileEndpoint | undefined;
  readonly #options: Qcow2WriterOptions;
  readonly #file: AppendFile;
  readonly #appender: ClusterAppender;
  readonly #tables: TableWriter;
  readonly #compressed: CompressedAppender;
  readonly #line: PackingLine<PackedCluster>;
  #state: 'new' | 'open' | 'failed' | 'closed' = 'new';
  #position = 0;
  #dataBytes = 0;
  #headerWritten = false;
  /** Length that the file was given for a driver. */
  #fileBytes = 0;
  #changed = true;

  constructor(options: Qcow2WriterOptions) {
    const { layout, handle, sizeBytes } = options;
    this.sizeBytes = sizeBytes;
    this.untouched = options.hasBacking ? ('base' as const) : ('zero' as const);
    this.limits = {
      alignmentBytes: layout.clusterBytes,
      maxBytes: 8 * 1024 * 1024,
      maxInFlight: 1,
      order: 'ascending',
    } as const;
    this.#options = options;
    this.clusterBytes = layout.clusterBytes;
    this.fileEndpoint = options.compression === undefined ? options.endpoint : undefined;
    this.#file = new AppendFile(handle);
    this.#appender = new ClusterAppender(this.#file, layout);
    this.#tables = new TableWriter(this.#file, this.#appender, layout);
    this.#line = new PackingLine(layout.clusterBytes, (packed) => this.#store(packed));
    this.#compressed = new CompressedAppender(this.#file, this.#appender, layout.clusterBytes);
  }

  /** Length of the file in bytes when it is flushed now. */
  get fileBytes(): number {
    return this.#appender.clustersAfter(this.#tables.unplaced) * this.clusterBytes;
  }

  /** Bytes of guest data stored so far, as they are in the file (compressed or not), without tables. */
  get dataBytes(): number {
    return this.#dataBytes;
  }

  /** Goes on with the image of another writer; see `ResumableWriter`. */
  async resume({ doneBytes, fileBytes }: WriterCheckpoint): Promise<void> {
    const { handle } = this.#options;
    const { clusterBytes } = this;
    await this.#failing(async () => {
      await handle.truncate(fileBytes);
      await this.#appender.resume(handle, fileBytes / clusterBytes);
      await this.#tables.resume(handle, Math.ceil(doneBytes / clusterBytes), fileBytes);
      this.#fileBytes = fileBytes;
      this.#position = doneBytes;
      this.#state = 'open';
    });
  }

  async write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    await this.#change(offset, data.byteLength, call, () =>
      this.#options.compression === undefined
        ? this.#writePlain(offset, data)
        : this.#writeCompressed(offset, data, this.#options.compression, call),
    );
  }

  async zero(offset: number, length: number, call?: Call): Promise<void> {
    await this.#change(offset, length, call, async () => {
      if (!this.#options.hasBacking) return;
      await this.#line.drain();
      await this.#writeZeros(offset, length, call);
    });
  }

  /** Lets a driver of the options write the clusters; see `BlockWriter.copyFrom`. The image is the same as by writes. */
  async copyFrom(
    source: BlockReader,
    extents: AsyncIterable<Extent>,
    options?: CopyOptions,
  ): Promise<CopyResult> {
    const { sizeBytes, limits, rewritable, untouched } = this;
    const sink = {
      sizeBytes,
      limits,
      rewritable,
      untouched,
      takesDigests: false,
      write: (...given: Parameters<BlockWriter['write']>) => this.write(...given),
      zero: (...given: Parameters<BlockWriter['zero']>) => this.zero(...given),
      placed: (offset: number, length: number) => this.refer(offset, length),
    };
    return await this.#failing(() => copyIntoImage({ placer: this, sink, source }, extents, options));
  }

  /**
   * Says where up to `length` bytes of the disk from `offset` on will lie, and makes the file long enough for a driver to
   * write there. The place is given out by {@link refer}; until then every call gives the same.
   */
  async reserve(offset: number, length: number): Promise<Reserved> {
    this.#checkForwards(offset);
    const guest = offset / this.clusterBytes;
    return await this.#guarded('write-image', undefined, async () => {
      const { first, count } = this.#appender.peek(this.#tables.placedBefore(guest));
      const end = this.#tables.endOfGroup(guest) * this.clusterBytes;
      const room = Math.min(length, count * this.clusterBytes);
      const position = first * this.clusterBytes;
      await this.#lengthen(position + room);
      return { position, length: room, end };
    });
  }

  /** Refers to the data of whole clusters of the disk that a driver wrote to the place reserved for it. */
  async refer(offset: number, length: number): Promise<void> {
    await this.#change(offset, length, undefined, async () => {
      await this.#placeClusters(
        offset / this.clusterBytes,
        length / this.clusterBytes,
        async () => undefined,
      );
      this.#dataBytes += length;
    });
  }

  /** Leaves a complete image and makes it durable; more writes may follow. */
  async flush(call?: Call): Promise<void> {
    await this.#guarded('flush-image', call, async () => {
      await this.#line.drain();
      if (!this.#changed) return;
      this.#compressed.close();
      await this.#tables.place();
      await this.#appender.write();
      if (!this.#headerWritten) await this.#tables.write();
      await this.#file.drain();
      await this.#options.handle.truncate(this.fileBytes);
      this.#fileBytes = this.fileBytes;
      await this.#options.handle.sync();
      if (this.#headerWritten) await this.#tables.write();
      else await this.#file.write(this.#options.header, 0);
      await this.#file.drain();
      await this.#options.handle.sync();
      this.#headerWritten = true;
      this.#changed = false;
    });
  }

  /** Closes the file; what was not flushed may be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = 'closed';
    await this.#line.abandon();
    await this.#options.handle[Symbol.asyncDispose]();
  }

  async #change(
    offset: number,
    length: number,
    call: Call | undefined,
    run: () => Promise<void>,
  ): Promise<void> {
    this.#checkForwards(offset);
    await this.#guarded('write-image', call, async () => {
      this.#position = offset + length;
      this.#changed = true;
      await run();
    });
  }

  #checkForwards(offset: number): void {
    if (offset >= this.#position) return;
    throw new SendenseError(
      'RANGE_INVALID',
      `offset ${offset} was passed already: this writer only goes forwards`,
      { operation: 'write-image', context: { offset, position: this.#position } },
    );
  }

  async #guarded<T>(operation: string, call: Call | undefined, run: () => Promise<T>): Promise<T> {
    if (this.#state === 'closed' || this.#state === 'failed') {
      const why = this.#state === 'closed' ? 'was closed' : 'failed before and can only be disposed';
      throw new SendenseError('NOT_OPEN', `the image writer ${why}`, { operation });
    }
    throwIfAborted(call?.signal, 'write-image');
    return await this.#failing(async () => {
      if (this.#state === 'new') await this.#appender.start();
      this.#state = 'open';
      return await run();
    });
  }

  /** After a failure of `run` the writer can only be disposed. */
  async #failing<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (this.#state === 'open' || this.#state === 'new') this.#state = 'failed';
      throw error;
    }
  }

  async #writePlain(offset: number, data: Uint8Array): Promise<void> {
    const clusters = Math.ceil(data.byteLength / this.clusterBytes);
    await this.#placeClusters(offset / this.clusterBytes, clusters, async (position, done, count) => {
      const piece = data.subarray(done * this.clusterBytes, (done + count) * this.clusterBytes);
      await this.#file.write(piece, position);
      this.#dataBytes += piece.byteLength;
    });
  }

  /** Gives out host clusters for guest clusters; `fill` learns of each run where it lies and which of them it holds. */
  async #placeClusters(
    guest: number,
    clusters: number,
    fill: (position: number, done: number, count: number) => Promise<void>,
  ): Promise<void> {
    for (let done = 0; done < clusters; ) {
      const inTable = await this.#tables.enter(guest + done);
      const { first, count } = await this.#appender.take(Math.min(clusters - done, inTable));
      for (let at = 0; at < count; at += 1) {
        const host = (first + at) * this.clusterBytes;
        this.#tables.set(guest + done + at, (Math.floor(host / 2 ** 32) | COPIED_HIGH) >>> 0, host % 2 ** 32);
      }
      await fill(first * this.clusterBytes, done, count);
      done += count;
    }
  }

  /** A driver writes inside a file only. */
  async #lengthen(sizeBytes: number): Promise<void> {
    if (sizeBytes <= this.#fileBytes) return;
    await this.#options.handle.truncate(sizeBytes);
    this.#fileBytes = sizeBytes;
  }

  async #writeCompressed(
    offset: number,
    data: Uint8Array,
    compression: 'zlib' | 'zstd',
    call: Call | undefined,
  ): Promise<void> {
    const step = this.clusterBytes;
    for (let from = 0; from < data.byteLength; from += step) {
      throwIfAborted(call?.signal, 'write-image');
      const at = offset + from;
      await this.#line.add(data.subarray(from, from + step), (plain) =>
        packCluster({ offset: at, plain }, compression, step),
      );
    }
  }

  async #store({ offset, plain, packed }: PackedCluster): Promise<void> {
    if (packed === undefined) await this.#writePlain(offset, plain);
    else await this.#placeCompressed(offset / this.clusterBytes, packed);
  }

  async #placeCompressed(guest: number, packed: Uint8Array): Promise<void> {
    await this.#tables.enter(guest);
    const { high, low } = await this.#compressed.append(packed);
    this.#tables.set(guest, high, low);
    this.#dataBytes += packed.byteLength;
  }

  async #writeZeros(offset: number, length: number, call: Call | undefined): Promise<void> {
    const perTable = this.clusterBytes / 8;
    const end = Math.ceil((offset + length) / this.clusterBytes);
    for (let guest = offset / this.clusterBytes; guest < end; ) {
      throwIfAborted(call?.signal, 'write-image');
      const whole = guest % perTable === 0 ? Math.floor((end - guest) / perTable) : 0;
      if (whole > 0) {
        const count = Math.min(whole, MAX_REFCOUNT);
        await this.#tables.share(guest / perTable, count, ZERO_LOW);
        guest += count * perTable;
        continue;
      }
      const inTable = await this.#tables.enter(guest);
      const stop = Math.min(end, guest + inTable);
      for (; guest < stop; guest += 1) this.#tables.set(guest, 0, ZERO_LOW);
    }
  }
}
