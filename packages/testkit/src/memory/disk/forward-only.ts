import { type BlockLimits, SendenseError } from '@sendense/core';

/** Holds an `ascending` caller to its promise: returns a check that throws `RANGE_INVALID` on the first step back. */
export function forwardOnly(order: BlockLimits['order'], what: string) {
  let reached = 0;
  return (offset: number, length: number): void => {
    if (order === 'random') return;
    if (offset < reached) {
      throw new SendenseError('RANGE_INVALID', `${what} went back from ${reached} to ${offset}`, {
        operation: 'check-order',
        context: { offset, reached },
      });
    }
    reached = offset + length;
  };
}
