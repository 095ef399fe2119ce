export type { MappedExtent } from './chain/chain-image.ts';
export type { ImageInfo } from './image-info.ts';
export type { ParentPolicy } from './parent-policy.ts';
export { probeFormat } from './probe-format.ts';
