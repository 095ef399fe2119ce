import type { FastifyReply } from 'fastify';

/** As often as a silent stream of events shows that it lives. */
const RECHECK_MS = 15_000;

/**
 * A signal that fires when the caller of a long reply is no longer let in: the token was revoked or has expired, or nobody can tell. The
 * client comes again and is told which. `checkAgain` rejects where the caller is not let in.
 */
export function admittedSignal({ raw }: FastifyReply, checkAgain: () => Promise<unknown>): AbortSignal {
  const lost = new AbortController();
  const timer = setInterval(() => {
    checkAgain().catch(() => lost.abort());
  }, RECHECK_MS);
  timer.unref();
  raw.once('close', () => clearInterval(timer));
  return lost.signal;
}
