export { connectNbd } from './connect-nbd.ts';
export { listNbdContexts, listNbdExports, type NbdServerOptions } from './list-nbd.ts';
export type {
  ChangeOptions,
  ConnectNbdOptions,
  ContextNames,
  JointRun,
  NbdExport,
  StatusRun,
  ZeroOptions,
} from './nbd-export.ts';
export { ALLOCATION_CONTEXT, allocationKind, type NbdReaderOptions, openNbdReader } from './nbd-reader.ts';
export { type NbdWriterOptions, openNbdWriter } from './nbd-writer.ts';
