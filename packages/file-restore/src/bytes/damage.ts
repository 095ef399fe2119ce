import { type Json, SendenseError } from '@sendense/core';

/** The error of a structure on a disk that contradicts itself: `CORRUPT`. The message is one sentence. */
export function damaged(message: string, context: { readonly [key: string]: Json } = {}): SendenseError {
  return new SendenseError('CORRUPT', message, {
    operation: 'read-file-system',
    remedy: 'check the file system of the machine, or browse an earlier point',
    context,
  });
}

/** The error of a structure that is valid and not known here: `FORMAT_UNSUPPORTED`. */
export function notSupported(message: string, context: { readonly [key: string]: Json } = {}): SendenseError {
  return new SendenseError('FORMAT_UNSUPPORTED', message, {
    operation: 'read-file-system',
    remedy: 'restore the disk, and read it with the system that made it',
    context,
  });
}

/** Throws `CORRUPT` unless `[offset, offset + length)` lies inside of `sizeBytes`. */
export function checkInside(offset: number, length: number, sizeBytes: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && offset + length <= sizeBytes) return;
  throw damaged(`a structure points to [${offset}, +${length}), outside of its ${sizeBytes} bytes`, {
    offset,
    length,
    sizeBytes,
  });
}
