import { ChainImage } from '../chain/chain-image.ts';
import type { Layer } from '../chain/layer.ts';
import type { ImageInfo } from '../image-info.ts';

/** What a {@link VhdxImage} tells of the sectors of the disk, in bytes. */
export type VhdxSectors = { readonly logicalSectorBytes: number; readonly physicalSectorBytes?: number };

/** A VHDX open for reading, with its parents. */
export class VhdxImage extends ChainImage {
  /** 512 or 4096. A guest that was installed on one does not boot from the other. */
  readonly logicalSectorBytes: number;
  /** Absent where the file does not say. */
  readonly physicalSectorBytes: number | undefined;

  constructor(layers: readonly [Layer, ...Layer[]], info: ImageInfo, sectors: VhdxSectors) {
    super(layers, info);
    this.logicalSectorBytes = sectors.logicalSectorBytes;
    this.physicalSectorBytes = sectors.physicalSectorBytes;
  }
}
