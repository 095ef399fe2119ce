import { type ErrorCode, SendenseError } from '@sendense/core';
import { NbdErrno } from '../../protocol/index.ts';

const ERRNO: { readonly [code in ErrorCode]?: number } = {
  READ_ONLY: NbdErrno.EPERM,
  PERMISSION_DENIED: NbdErrno.EPERM,
  IMMUTABLE: NbdErrno.EPERM,
  NO_SPACE: NbdErrno.ENOSPC,
  QUOTA_EXCEEDED: NbdErrno.ENOSPC,
  RANGE_INVALID: NbdErrno.EINVAL,
  UNSUPPORTED: NbdErrno.ENOTSUP,
  ABORTED: NbdErrno.ESHUTDOWN,
};

/** The error number that tells a client most of a failure of the disk; EIO when no other fits. */
export function errnoOf(error: unknown): number {
  return (SendenseError.is(error) ? ERRNO[error.code] : undefined) ?? NbdErrno.EIO;
}

/** The code of a failure for the log. */
export function codeOf(error: unknown): ErrorCode {
  return SendenseError.is(error) ? error.code : 'UNEXPECTED';
}
