export { openRawLayer } from './open-raw.ts';
