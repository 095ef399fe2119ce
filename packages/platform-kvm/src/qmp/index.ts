export { connectQmp, type QmpConnectOptions } from './connect-qmp.ts';
export type { QmpClient, QmpEvent } from './qmp-client.ts';
