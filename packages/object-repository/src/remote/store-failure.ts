import { type ErrorCode, type RetryAdvice, SendenseError } from '@sendense/core';

/** What a code or status of a storage service means. */
export type StoreRule = {
  readonly code: ErrorCode;
  /** Ends the sentence that begins with the object or the store. */
  readonly text: string;
  readonly remedy?: string;
  /** Where it differs from what the code says by itself. */
  readonly retry?: RetryAdvice;
  /** `unknown`: the request may have been carried out. */
  readonly effect?: 'unknown';
};

/** What a service answered, or how the connection to it ended. Holds no credentials: no headers, addresses or bodies. */
export type ServiceAnswer = {
  /** The service's own code, or that of the system (`ECONNRESET`). */
  readonly vendorCode: string;
  readonly httpStatus?: number;
  /** What the operator of the service needs to find the request. */
  readonly requestId?: string;
  readonly retryAfterMs?: number;
};

/** What failed. */
export type FailedRequest = { readonly operation: string; readonly subject: string };

const BROKEN: StoreRule = {
  code: 'CONNECTION_LOST',
  text: 'lost its connection to the store',
  remedy: 'check the network between this machine and the store',
  effect: 'unknown',
};
const UNREACHABLE: StoreRule = {
  code: 'CONNECTION_LOST',
  text: 'cannot be reached: nothing answers at the address of the store',
  remedy: 'check the endpoint, the network and that the store runs',
};
const UNTRUSTED: StoreRule = {
  code: 'UNTRUSTED_PEER',
  text: 'is refused: the TLS certificate of the store is not trusted',
  remedy: 'give the certificate of its authority as "caPem", or correct the endpoint',
};
const SERVICE_FAILED: StoreRule = {
  code: 'CONNECTION_LOST',
  text: 'failed inside of the store',
  remedy: 'try again later; if it stays, ask the operator of the store',
  effect: 'unknown',
};
/** What services say in words of their own, and mean alike. */
export const commonRules = {
  throttled: {
    code: 'RATE_LIMITED',
    text: 'is throttled by the store',
    remedy: 'try again later, or with fewer things at once',
  },
  damaged: {
    code: 'CORRUPT',
    text: 'was damaged on its way: its checksum does not match',
    remedy: 'check the network and memory of this machine',
    retry: 'later',
  },
  full: {
    code: 'NO_SPACE',
    text: 'does not fit: the store is full',
    remedy: 'free space in the store, or raise its quota',
  },
  clocksDiffer: {
    code: 'AUTHENTICATION_FAILED',
    text: 'is refused: the clocks of this machine and of the store differ too much',
    remedy: 'set the clock of this machine',
  },
  notOffered: {
    code: 'UNSUPPORTED',
    text: 'needs something that this store does not have',
    remedy: 'run "sendense-ctl repository validate" on the store',
  },
} as const satisfies Readonly<Record<string, StoreRule>>;

/** What every service over HTTP has in common: codes of Node, and `http-<status>` where the service has no word for it. */
const COMMON: Readonly<Record<string, StoreRule>> = {
  // what the store itself did not stop was stopped by the other side
  AbortError: BROKEN,
  ECONNRESET: BROKEN,
  EPIPE: BROKEN,
  ECONNABORTED: BROKEN,
  ERR_STREAM_PREMATURE_CLOSE: BROKEN,
  HPE_INVALID_EOF_STATE: BROKEN,
  ECONNREFUSED: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENOTFOUND: UNREACHABLE,
  EAI_AGAIN: UNREACHABLE,
  ETIMEDOUT: { ...UNREACHABLE, code: 'TIMEOUT', effect: 'unknown' },
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_HAS_EXPIRED: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: UNTRUSTED,
  'http-401': {
    code: 'AUTHENTICATION_FAILED',
    text: 'is refused: the store does not accept the credentials',
    remedy: 'check the credentials',
  },
  'http-403': {
    code: 'PERMISSION_DENIED',
    text: 'is refused: the credentials lack the right',
    remedy: 'grant the right, or use other credentials',
  },
  'http-404': { code: 'NOT_FOUND', text: 'does not exist' },
  'http-408': { code: 'TIMEOUT', text: 'was not sent in time', effect: 'unknown' },
  'http-409': { code: 'CONFLICT', text: 'was changed by somebody else at the same moment', retry: 'later' },
  'http-412': { code: 'ALREADY_EXISTS', text: 'is already there' },
  'http-416': { code: 'RANGE_INVALID', text: 'is smaller than the range that was asked for' },
  'http-429': commonRules.throttled,
  'http-500': SERVICE_FAILED,
  'http-502': SERVICE_FAILED,
  'http-503': commonRules.throttled,
  'http-504': SERVICE_FAILED,
  'http-507': commonRules.full,
};

/**
 * The SendenseError of a service's answer, by the table of the store and then by what all services share. An answer that
 * neither knows is `UNEXPECTED`. The service's own words are left out: they can hold signatures and addresses with tokens.
 */
export function storeFailure(
  answer: ServiceAnswer,
  table: Readonly<Record<string, StoreRule>>,
  { operation, subject }: FailedRequest,
): SendenseError {
  const { vendorCode, httpStatus, requestId, retryAfterMs: waitMs } = answer;
  const rule =
    ruleOf(table, vendorCode) ??
    ruleOf(COMMON, vendorCode) ??
    ruleOf(COMMON, `http-${httpStatus}`) ??
    unknown(answer);
  const { code, text, remedy, retry, effect } = rule;
  return new SendenseError(code, `${subject} ${text}`, {
    operation,
    context: {
      vendorCode,
      ...(httpStatus === undefined ? {} : { httpStatus }),
      ...(requestId === undefined ? {} : { requestId }),
    },
    ...(remedy === undefined ? {} : { remedy }),
    ...(retry === undefined ? {} : { retry }),
    ...(effect === undefined ? {} : { effect }),
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  });
}

function ruleOf(table: Readonly<Record<string, StoreRule>>, key: string): StoreRule | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function unknown({ vendorCode, httpStatus = 0 }: ServiceAnswer): StoreRule {
  if (httpStatus >= 500) return SERVICE_FAILED;
  const status = httpStatus === 0 ? '' : `, HTTP ${httpStatus}`;
  return {
    code: 'UNEXPECTED',
    text: `failed in a way that is not known (${vendorCode}${status})`,
    effect: 'unknown',
  };
}

/** Milliseconds out of a `Retry-After` header: seconds or a date; at most five minutes, because the header is foreign. */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : (Date.parse(header) - now.getTime()) / 1000;
  return Number.isFinite(seconds) ? Math.round(Math.min(Math.max(seconds, 0), 300) * 1000) : undefined;
}
