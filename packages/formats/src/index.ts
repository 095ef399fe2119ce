export { type FormatCapabilities, formatCapabilities } from './capabilities.ts';
export type { MappedExtent } from './chain/chain-image.ts';
export { type CreateDiskImageOptions, createDiskImage, type DiskImageWriter } from './create-disk-image.ts';
export type { DiskImage } from './disk-image.ts';
export type { ImageInfo } from './image-info.ts';
export { type OpenDiskImageOptions, openDiskImage } from './open-disk-image.ts';
export type { ParentPolicy } from './parent-policy.ts';
export { probeFormat } from './probe-format.ts';
export { readImageInfo } from './read-image-info.ts';
