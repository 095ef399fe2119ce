export { type BaselineStates, baselineStates } from './baseline-states.ts';
export { type BitmapName, parseBitmapName, serializeBitmapName } from './bitmap-name.ts';
export { isLeftover, isNamedBy } from './is-leftover.ts';
