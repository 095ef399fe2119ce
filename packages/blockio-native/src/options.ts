import { SendenseError } from '@sendense/core';
import { z } from 'zod';

/** Options of the native driver. */
export const nativeDriverOptionsSchema = z
  .strictObject({
    /**
     * Bytes of a buffer, a multiple of 4096. Each thread of a transfer holds one, three where it reads from an NBD export, and
     * two more where it writes past the page cache.
     */
    windowBytes: z
      .int()
      .min(64 * 1024)
      .max(16 * 1024 * 1024)
      .multipleOf(4096)
      .default(1024 * 1024),
    /** Threads of one transfer; each has a connection of its own to NBD exports whose servers allow several. */
    threads: z.int().min(1).max(16).default(2),
    /** Whether large writes of a file go past the page cache, where its file system can. */
    pastCache: z.boolean().default(true),
    /** Most connections of a reader or writer to one NBD export, used when its server allows several. */
    connections: z.int().min(1).max(16).default(2),
    /** Longest wait for a connection to an NBD export to be ready, in milliseconds. */
    handshakeTimeoutMs: z.int().min(1).max(3_600_000).default(30_000),
    /** Longest silence of an NBD server that owes an answer, in milliseconds. */
    idleTimeoutMs: z.int().min(1).max(3_600_000).default(120_000),
    /** Longest wait for an NBD server to answer the changes that it was sent, after an abort, in milliseconds. */
    abortTimeoutMs: z.int().min(0).max(3_600_000).default(50),
  })
  .prefault({});

/** See {@link nativeDriverOptionsSchema}; every field may be left out. */
export type NativeDriverOptions = z.input<typeof nativeDriverOptionsSchema>;
/** Options with their defaults. */
export type CheckedOptions = z.output<typeof nativeDriverOptionsSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function checkOptions(options: NativeDriverOptions): CheckedOptions {
  const checked = nativeDriverOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `the native driver: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
