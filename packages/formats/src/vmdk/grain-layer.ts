import type { DataFile } from '../chain/data-file.ts';
import type { Layer } from '../chain/layer.ts';
import type { PageCache } from '../chain/page-cache.ts';
import type { CompressedRun, Run } from '../chain/run.ts';
import { TablePages } from '../chain/table-pages.ts';
import type { FilePart, TabledFile } from '../check/file-parts.ts';
import { mapDecompressError } from '../map-error.ts';
import { inImage, nameImage } from '../qcow2/in-image.ts';
import { readCompressedGrain } from './compressed-grain.ts';
import { corrupt } from './format-error.ts';
import type { GrainEntries } from './grain-entries.ts';
import { type GrainGeometry, GrainMap } from './grain-map.ts';

/** How the grains of an extent are stored. */
export type GrainStorage = 'plain' | 'compressed' | 'compressed-with-markers';

/** What a {@link GrainLayer} is made of; it owns the handle. */
export type GrainLayerOptions = {
  readonly file: DataFile;
  readonly geometry: GrainGeometry;
  readonly entries: GrainEntries;
  readonly storage: GrainStorage;
  readonly cache: PageCache;
  /** Where header, descriptor and tables end in the file; absent where that is not told. */
  readonly headBytes?: number;
};

/** A sparse extent of any kind. */
export class GrainLayer implements Layer {
  readonly sizeBytes: number;
  readonly data: DataFile;
  readonly tabled: readonly TabledFile[];
  readonly #options: GrainLayerOptions;
  readonly #tables: TablePages;
  readonly #map: GrainMap;

  constructor(options: GrainLayerOptions) {
    const { file, geometry, entries, storage, cache } = options;
    this.sizeBytes = geometry.sizeBytes;
    this.data = file;
    this.#options = options;
    this.#tables = new TablePages(file.handle, cache, corrupt);
    this.#map = new GrainMap({
      geometry,
      entries,
      tables: this.#tables,
      compressed: storage !== 'plain',
    });
    this.tabled = [this.#tabled()];
  }

  runAt(offset: number, end: number): Run | Promise<Run> {
    try {
      const run = this.#map.runAt(offset, end);
      return run instanceof Promise ? inImage(this.data.path, () => run) : run;
    } catch (error) {
      throw nameImage(error, this.data.path);
    }
  }

  async decompress(run: CompressedRun): Promise<Uint8Array> {
    return inImage(this.data.path, async () =>
      this.#tables.cluster(run.hostOffset, () => this.#decompress(run)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.data.handle[Symbol.asyncDispose]();
  }

  /** Compressed grains are of any length: what lies between them cannot be told. */
  #tabled(): TabledFile {
    const { file, geometry, storage, headBytes } = this.#options;
    const map = this.#map;
    if (storage !== 'plain' || headBytes === undefined)
      return { file, unitName: 'grain', parts: () => map.parts() };
    async function* parts(): AsyncGenerator<FilePart> {
      yield* map.parts();
      yield { offset: 0, length: headBytes ?? 0, use: 'shared', what: () => 'the head of the file' };
    }
    return { file, unitBytes: geometry.grainBytes, unitName: 'grain', parts };
  }

  async #decompress({ start, end, hostOffset }: CompressedRun): Promise<Uint8Array> {
    const { file, geometry, storage } = this.#options;
    try {
      return await readCompressedGrain({
        handle: file.handle,
        position: hostOffset,
        start,
        grainBytes: geometry.grainBytes,
        neededBytes: end - start,
        hasMarkers: storage === 'compressed-with-markers',
      });
    } catch (error) {
      throw mapDecompressError(error, file.path, hostOffset);
    }
  }
}
