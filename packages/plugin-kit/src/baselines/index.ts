export { type BaselineStates, baselineStates } from './baseline-states.ts';
export { type BitmapName, parseBitmapName, serializeBitmapName } from './bitmap-name.ts';
export { type BaselineQuestion, type BaselineRefusal, chooseBaseline } from './choose-baseline.ts';
export {
  type CaptureFacts,
  type CaptureWork,
  createCapture,
  type SealedCapture,
} from './create-capture.ts';
export { isLeftover, isNamedBy } from './is-leftover.ts';
