import { SendenseError } from '@sendense/core';
import {
  commonRules,
  type FailedRequest,
  retryAfterMs,
  type ServiceAnswer,
  type StoreRule,
  storeFailure,
} from '@sendense/object-repository/remote';

const REFUSED: StoreRule = {
  code: 'AUTHENTICATION_FAILED',
  text: 'is refused: the store does not accept the credentials',
  remedy: 'check the access key and its secret',
};
const RAN_OUT: StoreRule = {
  code: 'EXPIRED',
  text: 'is refused: the temporary credentials have run out',
  remedy: 'get new credentials and run it again',
};
const OTHER_REGION: StoreRule = {
  code: 'CONFIG_INVALID',
  text: 'is in another region or at another endpoint',
  remedy: 'give the region and endpoint of the bucket',
};

/** Codes of the S3 API and of what speaks it. */
const RULES: Readonly<Record<string, StoreRule>> = {
  NoSuchBucket: {
    code: 'NOT_FOUND',
    text: 'is in a bucket that does not exist',
    remedy: 'create the bucket, or correct its name',
  },
  NoSuchUpload: { code: 'CONFLICT', text: 'is no longer being uploaded' },
  ConditionalRequestConflict: {
    code: 'CONFLICT',
    text: 'is being written by somebody else at the same moment',
    retry: 'later',
  },
  NotImplemented: commonRules.notOffered,
  InvalidAccessKeyId: REFUSED,
  SignatureDoesNotMatch: REFUSED,
  InvalidToken: REFUSED,
  CredentialsProviderError: {
    ...REFUSED,
    text: 'is not asked for: there are no credentials',
    remedy: 'give credentials by the environment, a profile or a role',
  },
  ExpiredToken: RAN_OUT,
  ExpiredTokenException: RAN_OUT,
  TokenRefreshRequired: RAN_OUT,
  RequestTimeTooSkewed: { ...commonRules.clocksDiffer, retry: 'later' },
  SlowDown: commonRules.throttled,
  Throttling: commonRules.throttled,
  ThrottlingException: commonRules.throttled,
  RequestLimitExceeded: commonRules.throttled,
  BadDigest: commonRules.damaged,
  XAmzContentSHA256Mismatch: commonRules.damaged,
  XAmzContentChecksumMismatch: commonRules.damaged,
  ChecksumMismatch: commonRules.damaged,
  IncompleteBody: commonRules.damaged,
  // of the SDK: no connection within its time, so that nothing was sent
  TimeoutError: {
    code: 'TIMEOUT',
    text: 'cannot be reached: nothing answers at the address of the store',
    remedy: 'check the endpoint, the network and that the store runs',
    retry: 'later',
    effect: 'unknown',
  },
  RequestTimeout: { code: 'TIMEOUT', text: 'was not sent in time', effect: 'unknown' },
  PermanentRedirect: OTHER_REGION,
  AuthorizationHeaderMalformed: OTHER_REGION,
  IllegalLocationConstraintException: OTHER_REGION,
  InvalidObjectState: {
    code: 'UNSUPPORTED',
    text: 'is archived and cannot be read at once',
    remedy: 'restore it from its storage class, or use one that can be read at once',
  },
  QuotaExceeded: commonRules.full,
  XMinioStorageFull: commonRules.full,
};

/** The fields that errors of the SDK and of Node have; none is relied on. */
type VendorError = {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
};

/** The SendenseError of what the SDK threw; nothing of its text is taken over, because it can hold signatures. */
export function mapS3Error(error: unknown, failed: FailedRequest): SendenseError {
  if (SendenseError.is(error)) return error;
  return storeFailure(answerOf(error), RULES, failed);
}

function answerOf(error: unknown): ServiceAnswer {
  const { name, code, message, $metadata, $response }: VendorError =
    typeof error === 'object' ? (error ?? {}) : {};
  const damaged = typeof message === 'string' && message.startsWith('Checksum mismatch');
  const words = [damaged ? 'ChecksumMismatch' : undefined, code, name];
  const wait = retryAfterMs($response?.headers?.['retry-after'], new Date());
  return {
    vendorCode:
      words.find((word): word is string => typeof word === 'string' && /^\w{1,80}$/.test(word)) ?? 'unknown',
    ...($metadata?.httpStatusCode === undefined ? {} : { httpStatus: $metadata.httpStatusCode }),
    ...($metadata?.requestId === undefined ? {} : { requestId: $metadata.requestId }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  };
}
