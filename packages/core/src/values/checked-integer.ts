import { SendenseError } from '../errors/sendense-error.ts';
import type { ByteRange } from './extent.ts';

/** Returns `value` when it is a safe integer ≥ `minimum`; otherwise throws `RANGE_INVALID` naming `what`. */
export function checkedInteger(value: number, what: string, minimum = 0): number {
  if (Number.isSafeInteger(value) && value >= minimum) return value;
  throw new SendenseError(
    'RANGE_INVALID',
    `${what} must be an integer from ${minimum} to 2^53-1, not ${value}`,
    {
      operation: 'check-range',
    },
  );
}

/** Throws `RANGE_INVALID` unless `[offset, offset+length)` lies within `[0, sizeBytes)`. A zero length is allowed. */
export function checkRange(range: ByteRange, sizeBytes: number, what: string): void {
  checkedInteger(range.offset, `${what} offset`);
  checkedInteger(range.length, `${what} length`);
  if (range.offset + range.length <= sizeBytes) return;
  throw new SendenseError(
    'RANGE_INVALID',
    `${what} [${range.offset}, +${range.length}) reaches past the end of the disk (${sizeBytes} bytes)`,
    { operation: 'check-range', context: { offset: range.offset, length: range.length, sizeBytes } },
  );
}

/** A u64 read from foreign bytes as a number; throws `FORMAT_INVALID` above 2^53-1. */
export function safeNumber(value: bigint, what: string): number {
  if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new SendenseError('FORMAT_INVALID', `${what} is ${value}, beyond 2^53-1`, { operation: 'parse' });
}
