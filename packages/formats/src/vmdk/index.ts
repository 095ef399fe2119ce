export type { MappedExtent } from '../chain/chain-image.ts';
export type { ImageInfo } from '../image-info.ts';
export type { ParentPolicy } from '../parent-policy.ts';
export { type OpenVmdkOptions, openVmdk } from './open-vmdk.ts';
export { openVmdkOptionsSchema } from './options.ts';
export { VmdkImage } from './vmdk-image.ts';
