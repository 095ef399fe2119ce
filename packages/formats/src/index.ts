export {
  type FormatCapabilities,
  type FormatProof,
  formatCapabilities,
  formatProofs,
} from './capabilities.ts';
export type { MappedExtent } from './chain/chain-image.ts';
export { type CheckDiskImageOptions, checkDiskImage } from './check/check-disk-image.ts';
export { compareImages, type ImageComparison } from './check/compare-images.ts';
export { type CreateDiskImageOptions, createDiskImage, type DiskImageWriter } from './create-disk-image.ts';
export type { DiskImage } from './disk-image.ts';
export type { ImageInfo } from './image-info.ts';
export { type OpenDiskImageOptions, openDiskImage } from './open-disk-image.ts';
export { createDiskImageOptionsSchema, openDiskImageOptionsSchema } from './options.ts';
export type { ParentPolicy } from './parent-policy.ts';
export { probeFormat } from './probe-format.ts';
export type { CheckResult } from './qcow2/check-result.ts';
export { readImageInfo } from './read-image-info.ts';
export { lostSectorSize, type SectorBytes, sectorBytesOf } from './sector-size.ts';
export { roundUpSize, SIZE_RULES, type SizeRule } from './size-rules.ts';
export { SUBFORMATS, type Subformat } from './subformats.ts';
