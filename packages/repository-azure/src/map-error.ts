import { SendenseError } from '@sendense/core';
import {
  commonRules,
  type FailedRequest,
  retryAfterMs,
  type ServiceAnswer,
  type StoreRule,
  storeFailure,
} from '@sendense/object-repository/remote';
import { type RefusedRequest, refusalByTime } from './refused-credentials.ts';

const REFUSED: StoreRule = {
  code: 'AUTHENTICATION_FAILED',
  text: 'is refused: the store does not accept the credentials',
  remedy: 'check the account, its key or signature and how long it is valid, and the clock of this machine',
};
const NO_CREDENTIALS: StoreRule = {
  code: 'AUTHENTICATION_FAILED',
  text: 'is not asked for: there are no credentials',
  remedy: 'give a key, a shared access signature or an identity',
};
const EXISTS: StoreRule = { code: 'ALREADY_EXISTS', text: 'is already there' };
const IMMUTABLE: StoreRule = {
  code: 'IMMUTABLE',
  text: 'is kept by an immutability policy',
  remedy: 'wait until the policy has run out',
};

/** Codes of the Blob service. */
const RULES: Readonly<Record<string, StoreRule>> = {
  ContainerNotFound: {
    code: 'NOT_FOUND',
    text: 'is in a container that does not exist',
    remedy: 'create the container, or correct its name',
  },
  ContainerBeingDeleted: {
    code: 'CONFLICT',
    text: 'is in a container that is being deleted',
    remedy: 'use another container',
  },
  BlobAlreadyExists: EXISTS,
  // a writer that may create and not replace is told so when something is there
  UnauthorizedBlobOverwrite: EXISTS,
  BlobImmutableDueToPolicy: IMMUTABLE,
  BlobImmutableDueToLegalHold: { ...IMMUTABLE, text: 'is under legal hold', remedy: 'ask who set the hold' },
  InvalidBlockList: { code: 'CONFLICT', text: 'was sent in blocks that the store no longer has' },
  AuthenticationFailed: REFUSED,
  InvalidAuthenticationInfo: REFUSED,
  NoAuthenticationInformation: REFUSED,
  AuthorizationFailure: {
    code: 'PERMISSION_DENIED',
    text: 'is refused: the account does not allow it',
    remedy: 'grant the right, or let this machine through the network rules of the account',
  },
  CredentialUnavailableError: NO_CREDENTIALS,
  AggregateAuthenticationError: NO_CREDENTIALS,
  AuthenticationRequiredError: NO_CREDENTIALS,
  Md5Mismatch: commonRules.damaged,
  ServerBusy: commonRules.throttled,
  OperationTimedOut: { code: 'TIMEOUT', text: 'was not done in time by the store', effect: 'unknown' },
  BlobArchived: {
    code: 'UNSUPPORTED',
    text: 'is archived and cannot be read at once',
    remedy: 'move it to a tier that can be read at once',
  },
  LeaseIdMissing: { code: 'LOCKED', text: 'is leased by somebody else', remedy: 'end the lease' },
  APINotImplemented: commonRules.notOffered,
};

/** What the service says of credentials that it does not take now; Azurite says the second where Azure says the first. */
const REFUSALS: ReadonlySet<string> = new Set(['AuthenticationFailed', 'AuthorizationFailure']);

/** The fields that errors of the SDK have; none is relied on. */
type VendorError = RefusedRequest & {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly details?: { readonly errorCode?: unknown };
};

/** The SendenseError of what the SDK threw; nothing of its text is taken over, because it can hold signatures. */
export function mapAzureError(error: unknown, failed: FailedRequest): SendenseError {
  if (SendenseError.is(error)) return error;
  const vendor: VendorError = typeof error === 'object' ? (error ?? {}) : {};
  const answer = answerOf(vendor);
  const refusal = REFUSALS.has(answer.vendorCode) ? refusalByTime(vendor) : undefined;
  const rules = refusal === undefined ? RULES : { ...RULES, [answer.vendorCode]: refusal };
  return storeFailure(answer, rules, failed);
}

function answerOf({ name, code, statusCode, details, response }: VendorError): ServiceAnswer {
  const words = [code, details?.errorCode, response?.headers?.get('x-ms-error-code'), name];
  const requestId = response?.headers?.get('x-ms-request-id');
  const wait = retryAfterMs(response?.headers?.get('retry-after'), new Date());
  return {
    vendorCode:
      words.find((word): word is string => typeof word === 'string' && /^\w{1,80}$/.test(word)) ?? 'unknown',
    ...(typeof statusCode === 'number' ? { httpStatus: statusCode } : {}),
    ...(requestId === undefined ? {} : { requestId }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  };
}
