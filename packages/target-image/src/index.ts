export type { ImageTargetServices } from './context.ts';
export { type ImageTargetOptions, imageTargetOptionsSchema } from './options.ts';
export { createImageTarget, plugin } from './target-image.ts';
