import type { ErrorCode } from '@sendense/core';

/**
 * HTTP status of each code. What a place behind this server refuses (a repository, a hypervisor) is 502: 401 and 403 speak of the
 * caller's own credentials only, see {@link refusalStatus}.
 */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  CONFIG_INVALID: 400,
  UNSUPPORTED: 501,
  NOT_OPEN: 409,
  RANGE_INVALID: 416,
  AUTHENTICATION_FAILED: 502,
  PERMISSION_DENIED: 502,
  UNTRUSTED_PEER: 502,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  CONFLICT: 409,
  LOCKED: 409,
  READ_ONLY: 409,
  NO_SPACE: 507,
  RATE_LIMITED: 429,
  QUOTA_EXCEEDED: 429,
  CONNECTION_LOST: 502,
  TIMEOUT: 504,
  PROTOCOL_VIOLATION: 502,
  CORRUPT: 500,
  FORMAT_INVALID: 500,
  FORMAT_UNSUPPORTED: 501,
  CHANGE_TRACKING_LOST: 409,
  INSTANT_LOST: 409,
  SNAPSHOT_FAILED: 502,
  QUIESCE_FAILED: 502,
  PARENT_MISSING: 409,
  INCOMPATIBLE: 409,
  EXPIRED: 404,
  FENCED: 503,
  KEY_UNAVAILABLE: 503,
  IMMUTABLE: 409,
  ABORTED: 503,
  UNEXPECTED: 500,
};

/** The status of a request that was admitted and failed with `code`. */
export function statusOf(code: ErrorCode): number {
  return STATUS[code];
}

/** The status of a request that was not admitted: whose caller is not known, or may not. */
export function refusalStatus(code: ErrorCode): number {
  if (code === 'AUTHENTICATION_FAILED') return 401;
  if (code === 'PERMISSION_DENIED') return 403;
  // the issuer of tokens cannot be asked: not the caller's fault, and nothing behind this server
  if (code === 'CONNECTION_LOST' || code === 'TIMEOUT' || code === 'PROTOCOL_VIOLATION') return 503;
  return statusOf(code);
}
