export type { MappedExtent } from '../chain/chain-image.ts';
export type { ImageInfo } from '../image-info.ts';
export type { ParentPolicy } from '../parent-policy.ts';
export { type CreateVhdxOptions, createVhdx } from './create-vhdx.ts';
export { type OpenVhdxOptions, openVhdx } from './open-vhdx.ts';
export { createVhdxOptionsSchema, openVhdxOptionsSchema } from './options.ts';
export { VhdxImage, type VhdxSectors } from './vhdx-image.ts';
export { VhdxWriter } from './vhdx-writer.ts';
