import { SendenseError } from '@sendense/core';

/** The `CORRUPT` error of compressed data that does not decompress; a SendenseError passes through. */
export function mapDecompressError(error: unknown, path: string, offset: number): SendenseError {
  if (SendenseError.is(error)) return error;
  return new SendenseError('CORRUPT', `${path}: a compressed cluster at ${offset} cannot be decompressed`, {
    operation: 'read-image',
    cause: error,
    remedy: 'take another copy of the image: this cluster is damaged',
    context: { path, offset },
  });
}
