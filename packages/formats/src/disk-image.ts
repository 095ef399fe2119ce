import type { Qcow2Image } from './qcow2/qcow2-image.ts';
import type { RawImage } from './raw/raw-image.ts';
import type { VhdImage } from './vhd/vhd-image.ts';
import type { VhdxImage } from './vhdx/vhdx-image.ts';
import type { VmdkImage } from './vmdk/vmdk-image.ts';

/** A disk image of any format, open for reading. */
export type DiskImage = RawImage | Qcow2Image | VmdkImage | VhdImage | VhdxImage;
