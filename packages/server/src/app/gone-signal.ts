import type { FastifyReply } from 'fastify';

/** A signal that fires when the client has gone before its answer was complete, or when `stop` does. */
export function goneSignal({ raw }: FastifyReply, stop: AbortSignal): AbortSignal {
  const gone = new AbortController();
  // before anybody listened
  if (raw.destroyed && !raw.writableFinished) gone.abort();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return AbortSignal.any([gone.signal, stop]);
}
