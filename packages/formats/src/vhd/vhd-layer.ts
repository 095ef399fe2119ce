import { SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import type { DataFile } from '../chain/data-file.ts';
import type { Layer } from '../chain/layer.ts';
import type { PageCache } from '../chain/page-cache.ts';
import type { Run } from '../chain/run.ts';
import { TablePages } from '../chain/table-pages.ts';
import type { TabledFile } from '../check/file-parts.ts';
import { inImage, nameImage } from '../qcow2/in-image.ts';
import { RawLayer, type RawLayerOptions } from '../raw/raw-layer.ts';
import { BlockMap } from './block-map.ts';
import { corrupt } from './format-error.ts';
import type { ParentTimes } from './parent-times.ts';
import type { VhdHead } from './read-head.ts';

/** What a {@link VhdLayer} is made of; it owns the handle. */
export type VhdLayerOptions = {
  readonly path: string;
  readonly handle: FileHandle;
  readonly head: VhdHead & Required<Pick<VhdHead, 'header'>>;
  readonly cache: PageCache;
  readonly times: ParentTimes;
};

/** A dynamic or differencing VHD of a chain. */
export class VhdLayer implements Layer {
  readonly sizeBytes: number;
  readonly data: DataFile;
  readonly times: ParentTimes;
  readonly tabled: readonly TabledFile[];
  readonly #map: BlockMap;

  constructor({ path, handle, head, cache, times }: VhdLayerOptions) {
    this.sizeBytes = head.sizeBytes;
    this.times = times;
    this.data = { path, handle, unitBytes: 1 };
    this.#map = new BlockMap({
      ...head,
      headerOffset: head.footer.headerOffset,
      elsewhere: head.footer.type === 'differencing' ? 'absent' : 'zero',
      tables: new TablePages(handle, cache, corrupt),
    });
    const { unitBytes } = this.#map;
    this.tabled = [{ file: this.data, unitBytes, unitName: 'block', parts: () => this.#map.parts() }];
  }

  runAt(offset: number, end: number): Run | Promise<Run> {
    const { path } = this.data;
    try {
      const run = this.#map.runAt(offset, end);
      return run instanceof Promise ? inImage(path, () => run) : run;
    } catch (error) {
      throw nameImage(error, path);
    }
  }

  async decompress(): Promise<Uint8Array> {
    throw new SendenseError('UNEXPECTED', 'VHD files have no compressed blocks', { operation: 'read-image' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.data.handle[Symbol.asyncDispose]();
  }
}

/** A fixed VHD of a chain: the disk as it is, with a footer behind it. */
export class VhdFixedLayer extends RawLayer {
  readonly times: ParentTimes;

  constructor({ times, ...raw }: RawLayerOptions & { readonly times: ParentTimes }) {
    super(raw);
    this.times = times;
  }
}
