export { connectQmp, type QmpClient, type QmpConnectOptions, type QmpEvent } from './qmp/index.ts';
