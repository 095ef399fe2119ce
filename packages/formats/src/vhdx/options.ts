import { openQcow2OptionsSchema } from '../options.ts';

/** Options of `openVhdx`, without the file system: those of every format with parents. */
export const openVhdxOptionsSchema = openQcow2OptionsSchema;
