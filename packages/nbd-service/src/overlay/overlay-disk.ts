import type { BlockLimits, BlockReader, BlockWriter, ByteRange, Call, Extent } from '@sendense/core';
import { type ChangeRunner, type FileHandle, limitConcurrency, stopAtFailure } from '@sendense/plugin-kit';
import { writeZeros } from '@sendense/plugin-kit/files';
import { ClusterMap } from './cluster-map.ts';

/** Most bytes of one write, and most writes at once. */
const WRITE_LIMITS = { maxBytes: 32 * 1024 * 1024, maxInFlight: 16 };

/**
 * A disk that reads as `base` where nothing was written. What is written lies in `file`, at its own offset; the part of a
 * cluster that a write leaves out is copied up from the base first. The map of what lies there is in memory: the file alone
 * is worth nothing. The base is never written, and is not disposed.
 */
export class OverlayDisk {
  readonly reader: BlockReader;
  readonly writer: BlockWriter;
  readonly #base: BlockReader;
  readonly #file: FileHandle;
  readonly #map: ClusterMap;
  readonly #change: ChangeRunner = stopAtFailure('the overlay');
  /** The first change of a cluster may copy it: one after the other. */
  readonly #inTurn = limitConcurrency(1);

  /** @param file - empty, as long as the base; belongs to the caller */
  constructor(base: BlockReader, file: FileHandle) {
    this.#base = base;
    this.#file = file;
    this.#map = new ClusterMap(base.sizeBytes);
    const { sizeBytes, limits } = base;
    const dispose = () => Promise.resolve();
    this.reader = {
      sizeBytes,
      limits,
      read: (offset, into, call) => this.#read(offset, into, call),
      extents: (range, call) => this.#extents(range, call),
      [Symbol.asyncDispose]: dispose,
    };
    this.writer = {
      sizeBytes,
      limits: writeLimits(limits),
      rewritable: true,
      untouched: 'base',
      write: (offset, data) => this.#write(offset, data),
      zero: (offset, length, call) => this.#zero({ offset, length }, call),
      flush: () => this.#change('flush-blocks', () => this.#file.sync()),
      [Symbol.asyncDispose]: dispose,
    };
  }

  /** Bytes of the disk that lie in the overlay, by whole clusters. */
  get ownedBytes(): number {
    return this.#map.ownedBytes;
  }

  async #read(start: number, into: Uint8Array, call?: Call): Promise<void> {
    for (const { offset, length, owned } of this.#map.runs({ offset: start, length: into.byteLength })) {
      const part = into.subarray(offset - start, offset - start + length);
      await (owned ? this.#readFile(offset, part) : this.#base.read(offset, part, call));
    }
  }

  async #readFile(offset: number, into: Uint8Array): Promise<void> {
    const count = await this.#file.read(into, offset);
    into.fill(0, count);
  }

  async *#extents(range: ByteRange, call?: Call): AsyncGenerator<Extent, void, undefined> {
    for (const { offset, length, owned } of this.#map.runs(range)) {
      if (owned) yield { offset, length, kind: 'data' };
      else yield* this.#base.extents({ offset, length }, call);
    }
  }

  #write(offset: number, data: Uint8Array): Promise<void> {
    const range = { offset, length: data.byteLength };
    return this.#changeRange('write-blocks', range, () => this.#file.write(data, offset));
  }

  /** What the overlay does not have yet was never written in its file: taking it makes it zeros. */
  #zero(range: ByteRange, call?: Call): Promise<void> {
    return this.#changeRange('zero-blocks', range, async () => {
      for (const run of this.#map.runs(range)) if (run.owned) await writeZeros(this.#file, run, call);
    });
  }

  /** Clusters that `range` changes in part are the overlay's before, those it changes wholly after the change. */
  #changeRange(operation: string, range: ByteRange, change: () => Promise<void>): Promise<void> {
    if ([...this.#map.runs(range)].every(({ owned }) => owned)) return this.#change(operation, change);
    const first = async () => {
      for (const edge of this.#edges(range)) await this.#copyUp(edge);
      await change();
      this.#map.take(range);
    };
    // a change that failed may have left bytes where nothing is owned: none that waits may take them for zeros
    return this.#inTurn(() => this.#change(operation, first));
  }

  /** The first and the last cluster of `range` where they are changed in part. */
  #edges({ offset, length }: ByteRange): ByteRange[] {
    const end = offset + length;
    const [first, last] = [this.#map.cluster(offset), this.#map.cluster(end - 1)];
    return [first, ...(last.offset === first.offset ? [] : [last])].filter(
      (cluster) => cluster.offset < offset || cluster.offset + cluster.length > end,
    );
  }

  async #copyUp(cluster: ByteRange): Promise<void> {
    if (this.#map.owns(cluster.offset)) return;
    const bytes = new Uint8Array(cluster.length);
    const step = this.#base.limits.maxBytes;
    for (let at = 0; at < bytes.byteLength; at += step)
      await this.#base.read(cluster.offset + at, bytes.subarray(at, at + step));
    await this.#file.write(bytes, cluster.offset);
    this.#map.take(cluster);
  }
}

function writeLimits({ alignmentBytes, order }: BlockLimits): BlockLimits {
  return { ...WRITE_LIMITS, alignmentBytes, order };
}
