import type { RateLimitPluginOptions } from '@fastify/rate-limit';
import { SendenseError } from '@sendense/core';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { networkOf } from './failed-logins.ts';
import type { Principal } from './principal.ts';

/** How many callers are counted at once; the one that was silent for longest is forgotten first. */
const MAX_CALLERS = 10_000;

/** How often callers may ask. */
export const rateLimitOptionsSchema = z.strictObject({
  /** Requests of one caller in a minute. */
  requestsPerMinute: z.int().min(1).default(1200),
  /** Refused credentials from one address in a minute; what goes beyond is answered with 429 and not written to the audit log. */
  failedLoginsPerMinute: z.int().min(1).default(30),
});

/** See {@link rateLimitOptionsSchema}. */
export type RateLimitOptions = z.output<typeof rateLimitOptionsSchema>;

/**
 * Options for `@fastify/rate-limit`: callers are counted by who they are, those who are nobody by the network they come from. To be
 * registered after the `onRequest` hook that authenticates, and before the routes. Throws `RATE_LIMITED` (429).
 *
 * @param principalOf - the caller of a request that was authenticated
 */
export function rateLimitPluginOptions(
  options: RateLimitOptions,
  principalOf: (request: FastifyRequest) => Principal | undefined,
): RateLimitPluginOptions {
  return {
    max: options.requestsPerMinute,
    timeWindow: 60_000,
    cache: MAX_CALLERS,
    enableDraftSpec: true,
    keyGenerator: (request) => callerKey(principalOf(request), request.ip),
    errorResponseBuilder: (_request, { ttl }) => rateLimited('the caller sends too many requests', ttl),
  };
}

/** Callers without credentials share one principal: one of them must not use up the rate of the others. */
function callerKey(principal: Principal | undefined, address: string): string {
  if (principal === undefined || principal.kind === 'local') return `address:${networkOf(address)}`;
  return principal.id;
}

/** Sent with 429 and `Retry-After`. */
export function rateLimited(message: string, retryAfterMs: number): SendenseError {
  return new SendenseError('RATE_LIMITED', message, { operation: 'limit-rate', retryAfterMs });
}
