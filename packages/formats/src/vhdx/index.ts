export type { MappedExtent } from '../chain/chain-image.ts';
export type { ImageInfo } from '../image-info.ts';
export type { ParentPolicy } from '../parent-policy.ts';
export { type OpenVhdxOptions, openVhdx } from './open-vhdx.ts';
export { openVhdxOptionsSchema } from './options.ts';
export { VhdxImage, type VhdxSectors } from './vhdx-image.ts';
