import type { DiskImage } from '@sendense/formats';
import { type Qcow2Bitmap, Qcow2Image } from '@sendense/formats/qcow2';
import { parseBitmapName } from '@sendense/plugin-kit/baselines';

/** `image` when its format can hold bitmaps. */
export function qcow2Of(image: DiskImage): Qcow2Image | undefined {
  return image instanceof Qcow2Image ? image : undefined;
}

/** Whether Sendense made the bitmap. */
export function isOurs({ name }: Pick<Qcow2Bitmap, 'name'>): boolean {
  return parseBitmapName(name) !== undefined;
}
