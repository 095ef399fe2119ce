import { SendenseError } from '@sendense/core';

/** What a download must give. */
export type ExpectedBody = {
  readonly operation: string;
  readonly subject: string;
  /** What the request asked for, or what the answer announced. */
  readonly length: number;
};

/**
 * Reads a body to its end. Exactly `length` bytes are accepted: fewer are `CONNECTION_LOST` (to be asked for again), and
 * at the first byte too many the rest is not read (`PROTOCOL_VIOLATION`).
 */
export async function collectBody(
  body: AsyncIterable<Uint8Array>,
  expected: ExpectedBody,
): Promise<Uint8Array> {
  const { operation, subject, length } = expected;
  const bytes = new Uint8Array(length);
  let filled = 0;
  for await (const piece of body) {
    if (filled + piece.byteLength > length)
      throw new SendenseError(
        'PROTOCOL_VIOLATION',
        `${subject}: the store sent more than the ${length} bytes asked for`,
        {
          operation,
          context: { length },
        },
      );
    bytes.set(piece, filled);
    filled += piece.byteLength;
  }
  if (filled === length) return bytes;
  throw new SendenseError('CONNECTION_LOST', `${subject}: the store sent ${filled} of ${length} bytes`, {
    operation,
    context: { length, filled },
  });
}
