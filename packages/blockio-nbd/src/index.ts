export { createNbdDriver, type NbdDriverServices, plugin } from './blockio-nbd.ts';
export { connectNbd } from './client/connect-nbd.ts';
export type { ConnectNbdOptions, NbdExport } from './client/nbd-export.ts';
export { type NbdReaderOptions, openNbdReader } from './client/nbd-reader.ts';
export { type NbdWriterOptions, openNbdWriter } from './client/nbd-writer.ts';
export { type NbdDriverOptions, nbdDriverOptionsSchema } from './options.ts';
