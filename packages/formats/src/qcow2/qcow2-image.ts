import { type ByteRange, type Call, SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { ChainImage } from '../chain/chain-image.ts';
import type { Layer } from '../chain/layer.ts';
import type { ImageInfo } from '../image-info.ts';
import type { BitmapEntry } from './bitmap-directory.ts';
import { dirtyExtents } from './dirty-extents.ts';
import { eachInImage } from './in-image.ts';
import { bitmapOf, type Qcow2Bitmap } from './qcow2-bitmap.ts';
import type { Qcow2Head } from './read-header.ts';

/** What a {@link Qcow2Image} knows of its top file. */
export type Qcow2Top = {
  readonly path: string;
  readonly handle: FileHandle;
  readonly head: Qcow2Head;
  readonly directory: readonly BitmapEntry[];
};

/** A QCOW2 image open for reading, with its backing chain and the dirty bitmaps of its top file. */
export class Qcow2Image extends ChainImage {
  /** Persistent bitmaps in the order of the directory. */
  readonly bitmaps: readonly Qcow2Bitmap[];
  readonly #top: Qcow2Top;

  constructor(layers: readonly [Layer, ...Layer[]], info: ImageInfo, top: Qcow2Top) {
    super(layers, info);
    this.#top = top;
    this.bitmaps = top.directory.map((entry) => bitmapOf(entry, top.head.header));
  }

  /**
   * The ranges that bitmap `name` calls dirty: ascending, merged, clipped to the disk. Throws `NOT_FOUND`, or
   * `CHANGE_TRACKING_LOST` for a bitmap that is not consistent.
   */
  dirtyExtents(name: string, call?: Call): AsyncIterable<ByteRange> {
    const { path, handle, head, directory } = this.#top;
    const index = this.bitmaps.findIndex((bitmap) => bitmap.name === name);
    const entry = directory[index];
    if (entry === undefined) {
      throw new SendenseError('NOT_FOUND', `the image has no bitmap named ${JSON.stringify(name)}`, {
        operation: 'read-bitmap',
      });
    }
    if (this.bitmaps[index]?.consistent !== true) {
      throw new SendenseError(
        'CHANGE_TRACKING_LOST',
        `bitmap ${JSON.stringify(name)} was not saved completely`,
        {
          operation: 'read-bitmap',
          remedy: 'take a full backup; the bitmap can only be removed',
        },
      );
    }
    const { sizeBytes } = this;
    const extents = dirtyExtents(
      { handle, entry, sizeBytes, clusterBytes: 2 ** head.header.clusterBits },
      call,
    );
    return eachInImage(path, extents);
  }
}
