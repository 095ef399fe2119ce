import type { FileHandle } from '@sendense/plugin-kit/files';
import type { DataFile } from '../chain/data-file.ts';
import type { Layer } from '../chain/layer.ts';
import type { PageCache } from '../chain/page-cache.ts';
import { readStored } from '../chain/read-stored.ts';
import type { CompressedRun, Run } from '../chain/run.ts';
import { TablePages } from '../chain/table-pages.ts';
import type { TabledFile } from '../check/file-parts.ts';
import { inImage, nameImage } from '../qcow2/in-image.ts';
import { BlockMap } from './block-map.ts';
import { MIB } from './constants.ts';
import { corrupt } from './format-error.ts';
import type { VhdxHead } from './read-head.ts';

/** What a {@link VhdxLayer} is made of; it owns the handle. */
export type VhdxLayerOptions = {
  readonly path: string;
  readonly handle: FileHandle;
  readonly fileBytes: number;
  readonly head: VhdxHead;
  readonly cache: PageCache;
};

/** One VHDX of a chain. */
export class VhdxLayer implements Layer {
  readonly sizeBytes: number;
  readonly data: DataFile;
  readonly tabled: readonly TabledFile[];
  readonly #head: VhdxHead;
  readonly #map: BlockMap;

  constructor({ path, handle, fileBytes, head, cache }: VhdxLayerOptions) {
    const file = head.replayed ?? handle;
    this.sizeBytes = head.disk.sizeBytes;
    this.data = { path, handle: file, unitBytes: 1 };
    this.#head = head;
    this.#map = new BlockMap({ ...head, fileBytes, tables: new TablePages(file, cache, corrupt) });
    const unitBytes = head.disk.blockBytes;
    this.tabled = [{ file: this.data, unitBytes, unitName: 'block', parts: () => this.#map.parts() }];
  }

  runAt(offset: number, end: number): Run | Promise<Run> {
    const { path } = this.data;
    try {
      const run = this.#map.runAt(offset, end);
      return run instanceof Promise
        ? inImage(path, async () => this.#asStored(await run))
        : this.#asStored(run);
    } catch (error) {
      throw nameImage(error, path);
    }
  }

  async decompress({ hostOffset, hostLength }: CompressedRun): Promise<Uint8Array> {
    const bytes = new Uint8Array(hostLength);
    await readStored(this.data, bytes, hostOffset);
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.data.handle[Symbol.asyncDispose]();
  }

  /** Guest bytes that the log changes lie nowhere in the file as they are, just like compressed ones. */
  #asStored(run: Run): Run {
    const { replayed } = this.#head;
    if (replayed === undefined || run.kind !== 'data') return run;
    const { start, hostOffset } = run;
    const length = Math.min(run.end - start, MIB);
    const range = { start, end: start + length, hostOffset };
    if (!replayed.differs(hostOffset, hostOffset + length)) return { kind: 'data', ...range };
    return { kind: 'compressed', ...range, hostLength: length };
  }
}
