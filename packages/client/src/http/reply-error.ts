import { SendenseError } from '@sendense/core';
import { z } from 'zod';
import { toldError } from './told-error.ts';

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
  /** Whether the call changes something. */
  readonly changes: boolean;
};

/**
 * The failure that a reply tells: with the code, message, remedy, operation and retry advice of the server. A body that is not the
 * server's own, e.g. of a proxy before it, is `CONNECTION_LOST` for 502, 503 and 504 and `PROTOCOL_VIOLATION` otherwise. What a
 * proxy or a failing server did with the request is not known: `effect` is `unknown` from 500 on, where the call changes something.
 */
export function replyError(reply: FailedReply): SendenseError {
  const parsed = failureSchema.safeParse(parseJson(reply.text));
  return parsed.success ? toldError(parsed.data.error, besides(reply)) : foreignReply(reply);
}

/** What the client itself knows of the failure. */
function besides({ status, retryAfter, changes }: FailedReply) {
  const retryAfterMs = delayMs(retryAfter);
  return {
    effect: changes && status >= 500 ? 'unknown' : 'none',
    context: { status },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  } as const;
}

/** Delay of a `Retry-After` header in seconds; its other form, a date, is not what the server sends. */
function delayMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/u.test(header) ? Number(header) * 1000 : undefined;
}

function foreignReply(reply: FailedReply): SendenseError {
  const { status, operation } = reply;
  const isGateway = status >= 502 && status <= 504;
  return new SendenseError(
    isGateway ? 'CONNECTION_LOST' : 'PROTOCOL_VIOLATION',
    `the answer is no answer of a Sendense server (status ${status})`,
    {
      operation,
      remedy: 'look whether the URL is that of the server, and what stands before it',
      ...besides(reply),
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
