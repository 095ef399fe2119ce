import { type Clock, type LogSink, SendenseError } from '@sendense/core';
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { discoveryUrl, fetchKeys, type KeySet } from './fetch-keys.ts';

/** A key that the issuer gave up is refused after so long. */
const CACHE_MS = 600_000;
/** A token with an unknown key makes us ask the issuer at most so often: anybody can send such tokens. */
const COOL_DOWN_MS = 30_000;
/** After a failure the issuer is left alone for so long. */
const HOLD_OFF_MS = 5_000;
/** Discovery document and keys together. */
const TIMEOUT_MS = 5_000;

/** What finding keys takes from its host. */
export type KeyServices = { readonly clock: Pick<Clock, 'now'>; readonly log: LogSink };

/**
 * Finds the key that a token names among those of `issuer`, which are fetched when they are needed: first, when they are old, and when a
 * token names one that is not among them. Rejects as {@link fetchKeys} does when they cannot be had, with jose's error when the key is
 * not among them.
 */
export function issuerKeys(issuer: string, services: KeyServices): JWTVerifyGetKey {
  const fetchOnce = heldOff((signal) => fetchKeys(issuer, signal), services);
  // The keys are looked up behind the discovery document each time, so that an issuer may move them.
  return createRemoteJWKSet(new URL(discoveryUrl(issuer)), {
    cacheMaxAge: CACHE_MS,
    cooldownDuration: COOL_DOWN_MS,
    timeoutDuration: TIMEOUT_MS,
    [customFetch]: async (_url, { signal }) => Response.json(await fetchOnce(signal)),
  });
}

/** Repeats a failure for a while instead of asking again. */
function heldOff(
  fetchNow: (signal: AbortSignal) => Promise<KeySet>,
  { clock, log }: KeyServices,
): (signal: AbortSignal) => Promise<KeySet> {
  let failure: { readonly error: unknown; readonly atMs: number } | undefined;
  return async (signal) => {
    const ageMs = clock.now().getTime() - (failure?.atMs ?? 0);
    if (failure !== undefined && ageMs >= 0 && ageMs < HOLD_OFF_MS) throw failure.error;
    try {
      const keys = await fetchNow(signal);
      failure = undefined;
      return keys;
    } catch (error) {
      log({
        level: 'error',
        message: `the keys of the issuer cannot be had: ${reasonOf(error)}`,
        fields: {},
      });
      failure = { error: unavailable(error), atMs: clock.now().getTime() };
      throw failure.error;
    }
  };
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

/** What callers are told: not where the issuer's keys lie. */
function unavailable(error: unknown): SendenseError {
  const code = SendenseError.is(error) ? error.code : 'CONNECTION_LOST';
  return new SendenseError(code, 'the keys of the issuer cannot be had now, so the token cannot be checked', {
    operation: 'authenticate',
    retry: 'later',
    retryAfterMs: HOLD_OFF_MS,
    remedy: 'repeat later; the log of the server tells why',
    cause: error,
  });
}
