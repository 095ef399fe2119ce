import { z } from 'zod';

/** Longest wait that a timer of Node takes. */
const MOST_MS = 2_147_483_647;

/** Without a request, or without use, in milliseconds. */
const idleMs = z.int().positive().max(MOST_MS).default(3_600_000);

/** Backups whose files are listed and downloaded. */
export const browseOptionsSchema = z.strictObject({
  /** One that nothing was asked of for so long ends, in milliseconds. */
  idleMs,
});

/** Backups as folders of this machine. */
export const mountOptionsSchema = z.strictObject({
  /** Whether callers may have them at all. It takes root, and drivers of the system then read disks that a caller says are trusted. */
  enabled: z.boolean().default(false),
  /** At once, of whatever tenants; one tenant has half of them. */
  most: z.int().positive().default(16),
  /** One that nobody has anything open in, and of which nothing was read for so long, ends; in milliseconds. */
  idleMs,
});

/** See {@link mountOptionsSchema}. */
export type MountOptions = z.output<typeof mountOptionsSchema>;
