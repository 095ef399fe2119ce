export type { ConnectNbdOptions, NbdExport } from './client/nbd-export.ts';
