export type { MappedExtent } from '../chain/chain-image.ts';
export type { ImageInfo } from '../image-info.ts';
export type { ParentPolicy } from '../parent-policy.ts';
export { type CreateQcow2Options, createQcow2 } from './create-qcow2.ts';
export { type OpenQcow2Options, openQcow2 } from './open-qcow2.ts';
export { Qcow2Image } from './qcow2-image.ts';
export { Qcow2Writer } from './qcow2-writer.ts';
