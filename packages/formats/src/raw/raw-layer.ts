import { type Extent, SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import type { DataFile } from '../chain/data-file.ts';
import type { Layer } from '../chain/layer.ts';
import type { Run } from '../chain/run.ts';
import type { KnownExtents } from './known-extents.ts';

/** What a raw layer is made of; it owns the handle and what is known. */
export type RawLayerOptions = {
  readonly path: string;
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  /** Where its holes are; without this every byte is data. */
  readonly known?: KnownExtents;
};

/** A raw file or block device as a layer: data, but for the holes that are known. */
export class RawLayer implements Layer {
  readonly sizeBytes: number;
  readonly data: DataFile;
  readonly #known: KnownExtents | undefined;

  constructor({ path, handle, sizeBytes, known }: RawLayerOptions) {
    this.sizeBytes = sizeBytes;
    this.data = { path, handle, unitBytes: 1 };
    this.#known = known;
  }

  runAt(offset: number, end: number): Run | Promise<Run> {
    const found = this.#known?.at(offset) ?? { offset, length: end - offset, kind: 'data' };
    const ends = (extent: Extent) => runOf(extent, this.sizeBytes);
    return found instanceof Promise ? found.then(ends) : ends(found);
  }

  async decompress(): Promise<Uint8Array> {
    throw new SendenseError('UNEXPECTED', 'raw images have no compressed clusters', {
      operation: 'read-image',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#known?.[Symbol.asyncDispose]();
    await this.data.handle[Symbol.asyncDispose]();
  }
}

/** A file may go on behind the disk that is in it. */
function runOf({ offset, length, kind }: Extent, sizeBytes: number): Run {
  const end = Math.min(offset + length, sizeBytes);
  return kind === 'zero' ? { kind, start: offset, end } : { kind, start: offset, end, hostOffset: offset };
}
