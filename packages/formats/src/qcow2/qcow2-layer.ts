import type { FileHandle } from '@sendense/plugin-kit/files';
import type { DataFile } from '../chain/data-file.ts';
import type { Layer } from '../chain/layer.ts';
import type { PageCache } from '../chain/page-cache.ts';
import type { CompressedRun, Run } from '../chain/run.ts';
import { TablePages } from '../chain/table-pages.ts';
import { ClusterMap } from './cluster-map.ts';
import { corrupt } from './format-error.ts';
import { geometryOf } from './geometry.ts';
import type { Qcow2Header } from './header.ts';
import { inImage, nameImage } from './in-image.ts';
import { readCompressed } from './read-compressed.ts';

/** What a {@link Qcow2Layer} is made of; it owns both handles. */
export type Qcow2LayerOptions = {
  readonly path: string;
  readonly handle: FileHandle;
  readonly header: Qcow2Header;
  /** The external data file, when the image has one. */
  readonly dataFile?: { readonly path: string; readonly handle: FileHandle };
  readonly cache: PageCache;
};

/** One QCOW2 file of a chain. */
export class Qcow2Layer implements Layer {
  readonly sizeBytes: number;
  readonly data: DataFile;
  readonly headPath: string;
  readonly #options: Qcow2LayerOptions;
  readonly #tables: TablePages;
  readonly #map: ClusterMap;

  constructor(options: Qcow2LayerOptions) {
    const { path, handle, header, dataFile, cache } = options;
    const geometry = geometryOf(header);
    this.sizeBytes = header.sizeBytes;
    this.headPath = path;
    this.#options = options;
    this.data = { ...(dataFile ?? { path, handle }), unitBytes: geometry.clusterBytes };
    this.#tables = new TablePages(handle, cache, corrupt);
    this.#map = new ClusterMap({
      ...header,
      geometry,
      dataFile: dataFile !== undefined,
      tables: this.#tables,
    });
  }

  runAt(offset: number, end: number): Run | Promise<Run> {
    try {
      const run = this.#map.runAt(offset, end);
      return run instanceof Promise ? inImage(this.#options.path, () => run) : run;
    } catch (error) {
      throw nameImage(error, this.#options.path);
    }
  }

  async decompress(run: CompressedRun): Promise<Uint8Array> {
    const { path } = this.#options;
    return inImage(path, async () =>
      this.#tables.cluster(run.hostOffset, () => readCompressed(this.#options, run)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.handle[Symbol.asyncDispose]();
    await this.#options.dataFile?.handle[Symbol.asyncDispose]();
  }
}
