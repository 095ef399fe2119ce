import { type Call, SendenseError } from '@sendense/core';
import { z } from 'zod';

/** Calls of the server take no `onProgress`: how far a job is, its events tell. */
export type ClientCall = Pick<Call, 'signal'> & {
  /** Instead of the client's own, for this call: how long an answer may take; of a stream, how long each piece may. */
  readonly timeoutMs?: number | undefined;
};

/** Up to what Node's timers can wait for, 24 days: they fire at once for more. */
export const timeoutSchema = z.int().positive().max(2_147_483_647);

/** Throws `CONFIG_INVALID` for what is no time to wait for. */
export function checkTimeout(timeoutMs: number, operation: string): void {
  const { error } = timeoutSchema.safeParse(timeoutMs);
  if (error !== undefined)
    throw new SendenseError('CONFIG_INVALID', `timeoutMs: ${error.issues[0]?.message ?? 'wrong'}`, {
      operation,
    });
}
