export { mapQmpFailure } from './map-error.ts';
export { connectQmp, type QmpClient, type QmpConnectOptions, type QmpEvent } from './qmp/index.ts';
