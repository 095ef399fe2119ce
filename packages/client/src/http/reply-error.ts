import { errorFromJson, SendenseError } from '@sendense/core';
import { z } from 'zod';

/** The body of a failure, as far as it has to be there: codes of newer servers are allowed. */
const failureSchema = z.looseObject({
  error: z.looseObject({ code: z.string(), message: z.string(), remedy: z.string().nullish() }),
});

/** A reply that is no success, before it was judged. */
export type FailedReply = {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
  /** The operation that was called, for a reply that names none. */
  readonly operation: string;
};

/**
 * The failure that a reply tells: with the code, message, remedy, operation and retry advice of the server. A body that is not the
 * server's own, e.g. of a proxy before it, is `CONNECTION_LOST` for 502, 503 and 504 and `PROTOCOL_VIOLATION` otherwise. What a
 * proxy or a failing server did with the request is not known: `effect` is `unknown` from 500 on.
 */
export function replyError({ status, retryAfter, text, operation }: FailedReply): SendenseError {
  const parsed = failureSchema.safeParse(parseJson(text));
  const retryAfterMs = delayMs(retryAfter);
  if (!parsed.success) return foreignReply(status, operation, retryAfterMs);
  const { remedy, ...error } = parsed.data.error;
  return errorFromJson({
    ...error,
    effect: status >= 500 ? 'unknown' : 'none',
    context: { status },
    ...(typeof remedy === 'string' && { remedy }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** Delay of a `Retry-After` header in seconds; its other form, a date, is not what the server sends. */
function delayMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/u.test(header) ? Number(header) * 1000 : undefined;
}

function foreignReply(status: number, operation: string, retryAfterMs: number | undefined): SendenseError {
  const isGateway = status >= 502 && status <= 504;
  return new SendenseError(
    isGateway ? 'CONNECTION_LOST' : 'PROTOCOL_VIOLATION',
    `the answer is no answer of a Sendense server (status ${status})`,
    {
      operation,
      effect: status >= 500 ? 'unknown' : 'none',
      remedy: 'look whether the URL is that of the server, and what stands before it',
      context: { status },
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
