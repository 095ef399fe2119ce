/** Every code with the sentence that the errors table of the docs prints. Codes are stable under semver. */
export const ERROR_CODES = {
  CONFIG_INVALID: 'an option, flag or configuration value is wrong',
  UNSUPPORTED: 'the plugin does not offer this capability',
  NOT_OPEN: 'the handle was closed, or was never opened',
  RANGE_INVALID: 'an offset or length is out of range or misaligned',
  AUTHENTICATION_FAILED: 'the credentials were refused',
  PERMISSION_DENIED: 'the credentials lack a right that is needed',
  UNTRUSTED_PEER: 'a TLS certificate or SSH host key is not trusted',
  NOT_FOUND: 'the named thing does not exist',
  ALREADY_EXISTS: 'the thing to create is already there',
  CONFLICT: 'somebody else changed the same thing first',
  LOCKED: 'the thing is in use by another holder',
  READ_ONLY: 'the place cannot be written to',
  NO_SPACE: 'the storage is full',
  RATE_LIMITED: 'the service asks to slow down',
  QUOTA_EXCEEDED: 'an account or tenant limit was reached',
  CONNECTION_LOST: 'the connection ended before the answer',
  TIMEOUT: 'no answer came in time',
  PROTOCOL_VIOLATION: 'the peer broke its protocol',
  CORRUPT: 'stored data does not match its digest or structure',
  FORMAT_INVALID: 'the bytes are not a valid file or message of this format',
  FORMAT_UNSUPPORTED: 'the format is valid but uses something not supported',
  CHANGE_TRACKING_LOST: 'the baseline of an increment is no longer usable',
  INSTANT_LOST: 'the frozen instant disappeared before it was read to the end',
  SNAPSHOT_FAILED: 'the platform could not take the snapshot',
  QUIESCE_FAILED: 'the guest could not be brought to the wanted consistency',
  PARENT_MISSING: 'a point or image that this one builds on is not there',
  INCOMPATIBLE: 'the machine cannot run on this target as asked',
  EXPIRED: 'a grant, token or retained object has run out',
  FENCED: 'this worker lost its lease; another one took over',
  KEY_UNAVAILABLE: 'the key to read or write this repository is not available',
  IMMUTABLE: 'retention or object lock forbids the change',
  ABORTED: 'the caller cancelled the call',
  UNEXPECTED: 'a defect: something that should not happen happened',
} as const;

/** A code of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** `never`: the same call fails again · `later`: it may work later · `exhausted`: it was already retried. */
export type RetryAdvice = 'never' | 'later' | 'exhausted';

const LATER: ReadonlySet<string> = new Set<ErrorCode>([
  'LOCKED',
  'NO_SPACE',
  'RATE_LIMITED',
  'QUOTA_EXCEEDED',
  'CONNECTION_LOST',
  'TIMEOUT',
]);

/** The advice a code carries unless the thrower knows better. */
export function defaultRetry(code: ErrorCode): RetryAdvice {
  return LATER.has(code) ? 'later' : 'never';
}
