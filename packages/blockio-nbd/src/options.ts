import { SendenseError } from '@sendense/core';
import { z } from 'zod';

/** Options of the NBD driver. */
export const nbdDriverOptionsSchema = z
  .strictObject({
    /** Most connections to one export, used when its server allows several. */
    connections: z.int().min(1).max(16).default(2),
    /** Longest wait for a connection to be ready, in milliseconds. */
    handshakeTimeoutMs: z.int().min(1).default(30_000),
    /** Longest silence of a server that owes an answer, in milliseconds. */
    idleTimeoutMs: z.int().min(1).default(120_000),
    /** Longest wait for a server to answer the changes that it was sent, after an abort, in milliseconds. */
    abortTimeoutMs: z.int().min(0).default(50),
  })
  .prefault({});

/** See {@link nbdDriverOptionsSchema}; every field may be left out. */
export type NbdDriverOptions = z.input<typeof nbdDriverOptionsSchema>;
/** Options with their defaults. */
export type CheckedOptions = z.output<typeof nbdDriverOptionsSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function checkOptions(options: NbdDriverOptions): CheckedOptions {
  const checked = nbdDriverOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `the NBD driver: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
