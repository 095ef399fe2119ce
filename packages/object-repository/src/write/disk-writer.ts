import {
  type BlockLimits,
  type BlockWriter,
  type ByteRange,
  type Call,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { DiskMap } from '../map/disk-map.ts';
import { MapBuilder } from '../map/map-builder.ts';
import { ZERO_ID } from '../map/map-node.ts';
import { rootText } from '../map/open-map.ts';
import { CHUNK_KINDS, ID_BYTES } from '../packs/pack-directory.ts';
import type { ChunkSink, Meter } from './chunk-sink.ts';
import type { DiskProgress, EarlierProgress } from './disk-progress.ts';

/** One write holds so many bytes, or one chunk where that is more. */
const WRITE_BYTES = 4 * 1024 * 1024;

/** A disk to be written. */
export type DiskWriterOptions = {
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  /** The map of the same disk at the point that this one is a delta of. */
  readonly base: DiskMap | undefined;
  /** What an earlier attempt stored. */
  readonly earlier: EarlierProgress | undefined;
  readonly progress: DiskProgress;
};

/** Writes a disk of a point: its chunks to the sink, their ids into its map. */
export class DiskWriter implements BlockWriter {
  readonly sizeBytes: number;
  readonly limits: BlockLimits;
  readonly rewritable = false;
  readonly untouched: 'zero' | 'base';
  readonly meter: Meter = { storedBytes: 0 };
  readonly progress: DiskProgress;
  writtenBytes = 0;
  readonly #sink: ChunkSink;
  /** Up to where an earlier attempt made everything durable. */
  readonly #doneBytes: number;
  readonly #map: MapBuilder;
  #isOpen = true;

  constructor(sink: ChunkSink, { sizeBytes, chunkBytes, base, earlier, progress }: DiskWriterOptions) {
    this.sizeBytes = sizeBytes;
    const maxBytes = Math.max(chunkBytes, WRITE_BYTES);
    this.limits = { alignmentBytes: chunkBytes, maxBytes, maxInFlight: 1, order: 'ascending' };
    this.untouched = base === undefined ? 'zero' : 'base';
    this.#sink = sink;
    this.progress = progress;
    this.#doneBytes = earlier?.record.doneBytes ?? 0;
    this.meter.storedBytes = earlier?.record.storedBytes ?? 0;
    this.writtenBytes = earlier?.record.writtenBytes ?? 0;
    const chunks = Math.ceil(sizeBytes / chunkBytes);
    this.#map = new MapBuilder(chunks, earlier?.map ?? base, (chunk, call) => this.#storeNode(chunk, call));
  }

  async write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    this.#enter('write-blocks', call);
    const { ids, zero } = await this.#sink.put(data, CHUNK_KINDS.disk, this.meter, call);
    const first = offset / this.limits.alignmentBytes;
    for (const [index, isZero] of zero.entries()) {
      const id = isZero === 1 ? ZERO_ID : ids.subarray(index * ID_BYTES, (index + 1) * ID_BYTES);
      await this.#map.set(first + index, id, call);
    }
    this.writtenBytes += data.byteLength;
    if (this.progress.isDue(data.byteLength)) await this.#save(offset + data.byteLength, call);
  }

  async zero(offset: number, length: number, call?: Call): Promise<void> {
    this.#enter('zero-blocks', call);
    const { alignmentBytes } = this.limits;
    await this.#map.setZeros(offset / alignmentBytes, Math.ceil((offset + length) / alignmentBytes), call);
    this.writtenBytes += length;
  }

  async flush(call?: Call): Promise<void> {
    this.#enter('flush-blocks', call);
    await this.#sink.flush();
  }

  async *durable(call?: Call): AsyncGenerator<ByteRange> {
    this.#enter('list-durable', call);
    if (this.#doneBytes > 0) yield { offset: 0, length: this.#doneBytes };
  }

  /** Ends the map and gives the id of its root. */
  finish(call?: Call): Promise<Uint8Array> {
    return this.#map.finish(call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
  }

  async #save(end: number, call?: Call): Promise<void> {
    const root = rootText(await this.#map.snapshot(call));
    const doneBytes = Math.min(end, this.sizeBytes);
    const { storedBytes } = this.meter;
    await this.progress.save({ root, doneBytes, storedBytes, writtenBytes: this.writtenBytes }, call);
  }

  async #storeNode(chunk: Uint8Array, call?: Call): Promise<Uint8Array> {
    const { ids } = await this.#sink.put(chunk, CHUNK_KINDS.node, this.meter, call);
    if (ids.byteLength !== ID_BYTES) throw nodeTooLarge(chunk.byteLength);
    return ids;
  }

  #enter(operation: string, call: Call | undefined): void {
    if (!this.#isOpen) throw new SendenseError('NOT_OPEN', 'the writer is closed', { operation });
    throwIfAborted(call?.signal, operation);
  }
}

function nodeTooLarge(bytes: number): SendenseError {
  return new SendenseError('UNEXPECTED', `a node of ${bytes} bytes is more than one chunk`, {
    operation: 'write-map',
  });
}
