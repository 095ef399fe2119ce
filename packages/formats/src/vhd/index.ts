export type { MappedExtent } from '../chain/chain-image.ts';
export type { ImageInfo } from '../image-info.ts';
export type { ParentPolicy } from '../parent-policy.ts';
export { type OpenVhdOptions, openVhd } from './open-vhd.ts';
export { openVhdOptionsSchema } from './options.ts';
export { VhdImage } from './vhd-image.ts';
