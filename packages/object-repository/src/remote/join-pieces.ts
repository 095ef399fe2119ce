import { SendenseError } from '@sendense/core';
import { MAX_OBJECT_BYTES } from './request-options.ts';

/** The bytes of an object as one buffer; pieces are copied. Throws `RANGE_INVALID` above {@link MAX_OBJECT_BYTES}. */
export function joinPieces(bytes: Uint8Array | readonly Uint8Array[], subject: string): Uint8Array {
  const sizeBytes =
    bytes instanceof Uint8Array ? bytes.byteLength : bytes.reduce((sum, piece) => sum + piece.byteLength, 0);
  if (sizeBytes > MAX_OBJECT_BYTES)
    throw new SendenseError('RANGE_INVALID', `${subject}: ${sizeBytes} bytes are too many for one object`, {
      operation: 'put-object',
      context: { sizeBytes, maxObjectBytes: MAX_OBJECT_BYTES },
    });
  return bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes);
}
