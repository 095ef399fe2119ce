export type { ChangeOptions, ConnectNbdOptions, NbdExport, StatusRun, ZeroOptions } from './nbd-export.ts';
