import type { Clock } from '@sendense/core';
import { z } from 'zod';

/** Options of {@link openCatalog} that are plain values. */
export const catalogOptionsSchema = z.strictObject({
  /** File of the catalog, or `:memory:`. Missing folders are made with mode 0700, the file with mode 0600. */
  path: z.string().min(1),
  /** How long a write waits for another process's write, in milliseconds. */
  busyTimeoutMs: z.int().nonnegative().default(10_000),
  /** What to do with a damaged file: `fail` with `CORRUPT`, or `set-aside` (rename it and start an empty one). */
  onCorrupt: z.enum(['fail', 'set-aside']).default('fail'),
});

/** See {@link catalogOptionsSchema}; `clock` decides the expiry of leases and the times of jobs. */
export type CatalogOptions = z.input<typeof catalogOptionsSchema> & { readonly clock?: Clock };
