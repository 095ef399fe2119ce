import { abortedError, SendenseError } from '@sendense/core';
import type { Patience } from './patience.ts';

/** What was under way when it failed. */
export type Attempt = {
  /** The operation, e.g. `startBackup`. */
  readonly operation: string;
  /** Whether it changes something: then a failure leaves open whether it did. */
  readonly changes: boolean;
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
  readonly patience: Patience;
};

/** Nobody was reached: the request was not even sent. */
const UNSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Codes of OpenSSL and Node for a certificate that does not hold. */
const UNTRUSTED =
  /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|HOSTNAME_MISMATCH)/u;

/** `error` of a request that brought no answer: `ABORTED`, `TIMEOUT`, `UNTRUSTED_PEER`, else `CONNECTION_LOST`. */
export function networkError(error: unknown, attempt: Attempt): SendenseError {
  if (SendenseError.is(error)) return error;
  const { operation, changes, signal, patience } = attempt;
  const effect = changes ? 'unknown' : 'none';
  if (signal?.aborted === true) return abortedError(operation, signal, undefined, effect);
  if (patience.isOut)
    return new SendenseError('TIMEOUT', 'the server did not answer in time', { operation, effect });
  const code = codeOf(error);
  if (UNTRUSTED.test(code)) return untrusted(code, operation, error);
  return new SendenseError('CONNECTION_LOST', `the server cannot be reached, or went away (${code})`, {
    operation,
    effect: UNSENT.has(code) ? 'none' : effect,
    remedy: 'see whether the server runs at this URL, then try again',
    cause: error,
  });
}

function untrusted(code: string, operation: string, cause: unknown): SendenseError {
  return new SendenseError('UNTRUSTED_PEER', `the certificate of the server is not trusted (${code})`, {
    operation,
    remedy: 'give the authority that signed it as caPem, and the URL by the name in the certificate',
    cause,
  });
}

/** The innermost code: `fetch` wraps what happened, and several addresses of a name fail as one. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  const inner = first ?? error.cause;
  if (inner instanceof Error) return codeOf(inner);
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
