export type { ContextRun, ServedContext, ServedExport } from './exports/served-export.ts';
export { type NbdServer, startNbdServer } from './nbd-server.ts';
export type { NbdServerLimits, NbdServerOptions, NbdServerTls } from './server-options.ts';
