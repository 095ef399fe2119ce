export { type BitmapName, parseBitmapName, serializeBitmapName } from './bitmap-name.ts';
export { isLeftover, isNamedBy } from './is-leftover.ts';
