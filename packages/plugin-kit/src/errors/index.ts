export { type ErrorRule, type ErrorTable, type FailedCall, mapByTable } from './map-error.ts';
