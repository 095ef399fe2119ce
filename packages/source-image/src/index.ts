export { type ImageSourceOptions, imageSourceOptionsSchema } from './options.ts';
export type { ImageSourceServices } from './services.ts';
export { createImageSource, plugin } from './source-image.ts';
