export type { MappedExtent } from '../chain/chain-image.ts';
export type { ImageInfo } from '../image-info.ts';
export type { ParentPolicy } from '../parent-policy.ts';
export { type CreateVmdkOptions, createVmdk, type VmdkWriter } from './create-vmdk.ts';
export { FlatVmdkWriter } from './flat-writer.ts';
export { type OpenVmdkOptions, openVmdk } from './open-vmdk.ts';
export { createVmdkOptionsSchema, openVmdkOptionsSchema, streamVmdkOptionsSchema } from './options.ts';
export { SparseVmdkWriter } from './sparse-writer.ts';
export {
  createStreamVmdk,
  type StreamSink,
  type StreamSinkOptions,
  StreamSinkWriter,
} from './stream-sink-writer.ts';
export { type StreamVmdkOptions, streamVmdk } from './stream-vmdk.ts';
export { StreamVmdkWriter } from './stream-writer.ts';
export { VmdkImage } from './vmdk-image.ts';
