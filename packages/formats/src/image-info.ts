import type { DiskFormat, Finding } from '@sendense/core';

/** What is known of an image file without reading its guest bytes. */
export type ImageInfo = {
  readonly format: DiskFormat;
  /** Flavour within the format (QCOW2: `v2` or `v3`; others as `qemu-img` names them), or `null` where there is one only. */
  readonly subformat: string | null;
  readonly virtualSizeBytes: number;
  readonly fileSizeBytes: number;
  /** Bytes taken on the storage below. */
  readonly allocatedBytes: number;
  /** Unit of allocation, or `null` where there is none. */
  readonly clusterBytes: number | null;
  /** Name of the backing file as it is written in the image (foreign text), or `null`. */
  readonly backing: string | null;
  /** Whether the image was not closed cleanly. Its guest bytes can be read all the same. */
  readonly dirty: boolean;
  /** What a careful user should know. */
  readonly warnings: readonly Finding[];
};
