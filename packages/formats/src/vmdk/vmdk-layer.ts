import { SendenseError } from '@sendense/core';
import type { DataFile } from '../chain/data-file.ts';
import type { Layer } from '../chain/layer.ts';
import type { CompressedRun, Run } from '../chain/run.ts';
import type { TabledFile } from '../check/file-parts.ts';

/** A stretch of the disk and the file below it; without one it reads as zeros. Places in bytes. */
export type PlacedExtent = {
  readonly start: number;
  readonly end: number;
  readonly source?: Layer;
  /** Where the stretch begins in `source`. */
  readonly sourceOffset: number;
};

/** One link of a VMDK chain: its extents one after the other. Owns the descriptor and all of its extents. */
export class VmdkLayer implements Layer {
  readonly sizeBytes: number;
  /** The file of the first extent that has one, else the descriptor. */
  readonly data: DataFile;
  readonly files: readonly DataFile[];
  readonly headPath: string;
  readonly tabled: readonly TabledFile[];
  readonly #descriptor: DataFile;
  readonly #extents: readonly PlacedExtent[];

  constructor(descriptor: DataFile, extents: readonly PlacedExtent[]) {
    this.files = extents.flatMap(({ source }) => (source === undefined ? [] : [source.data]));
    this.data = this.files[0] ?? descriptor;
    this.sizeBytes = extents.at(-1)?.end ?? 0;
    this.headPath = descriptor.path;
    this.tabled = extents.flatMap(({ source }) => source?.tabled ?? []);
    this.#descriptor = descriptor;
    this.#extents = extents;
  }

  runAt(offset: number, end: number): Run | Promise<Run> {
    const extent = this.#extentAt(offset);
    const { source, sourceOffset, start } = extent;
    if (source === undefined) return { kind: 'zero', start, end: extent.end };
    const shift = sourceOffset - start;
    const run = source.runAt(offset + shift, Math.min(end, extent.end) + shift);
    return run instanceof Promise ? run.then((found) => placed(found, extent)) : placed(run, extent);
  }

  async decompress(run: CompressedRun): Promise<Uint8Array> {
    const { source, sourceOffset, start } = this.#extentAt(run.start);
    if (source === undefined) {
      throw new SendenseError('UNEXPECTED', 'zeros are not compressed', { operation: 'read-image' });
    }
    const shift = sourceOffset - start;
    return await source.decompress({ ...run, start: run.start + shift, end: run.end + shift });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const files = this.#extents.map(async ({ source }) => source?.[Symbol.asyncDispose]());
    await Promise.all([this.#descriptor.handle[Symbol.asyncDispose](), ...files]);
  }

  /** The extent that holds `offset`, which lies inside the disk. */
  #extentAt(offset: number): PlacedExtent {
    let low = 0;
    let high = this.#extents.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#extents[middle]?.start ?? offset) <= offset) low = middle;
      else high = middle;
    }
    const extent = this.#extents[low];
    if (extent !== undefined && offset < extent.end) return extent;
    throw new SendenseError('UNEXPECTED', `no extent holds offset ${offset}`, { operation: 'read-image' });
  }
}

/** A run of an extent's file as a run of the disk, cut off where the extent ends. */
function placed(run: Run, extent: PlacedExtent): Run {
  const shift = extent.start - extent.sourceOffset;
  const start = Math.max(run.start + shift, extent.start);
  const end = Math.min(run.end + shift, extent.end);
  const file = extent.source?.data;
  if (run.kind === 'compressed') return { ...run, start, end, ...(file && { file }) };
  if (run.kind !== 'data') return { kind: run.kind, start, end };
  const hostOffset = run.hostOffset + start - shift - run.start;
  return { kind: 'data', start, end, hostOffset, ...(file && { file }) };
}
