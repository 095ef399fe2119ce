export type { ImageInfo } from '../image-info.ts';
export { openRawOptionsSchema } from '../options.ts';
export { type CreateRawOptions, createRaw } from './create-raw.ts';
export { type OpenRawOptions, openRaw } from './open-raw.ts';
export { type OpenRawWriterOptions, openRawWriter } from './open-raw-writer.ts';
export { createRawOptionsSchema } from './options.ts';
export { RawImage } from './raw-image.ts';
export { RawWriter } from './raw-writer.ts';
