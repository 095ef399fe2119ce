import { SendenseError } from '@sendense/core';

/** The error of bytes that are no stream. */
export function invalid(what: string): SendenseError {
  return new SendenseError('FORMAT_INVALID', `the stream of the disk cannot be read: ${what}`, {
    operation: 'read-stream',
    remedy: 'check that no proxy changes the answers of the host',
  });
}

/** The error of a VMDK that no host sends for a lease. */
export function unsupported(what: string): SendenseError {
  return new SendenseError('FORMAT_UNSUPPORTED', `the stream of the disk is not read: ${what}`, {
    operation: 'read-stream',
    remedy: 'report this with the version of the host',
  });
}
