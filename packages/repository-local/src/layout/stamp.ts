import { SendenseError } from '@sendense/core';

const LAST_MS = Date.UTC(10_000, 0, 1) - 1;

/** An instant in UTC as `YYYYMMDD-HHMMSS`. Throws `CONFIG_INVALID` outside the years 0 to 9999. */
export function formatStamp(at: Date): string {
  const ms = at.getTime();
  if (!(ms >= Date.UTC(0, 0, 1) && ms <= LAST_MS)) {
    throw new SendenseError('CONFIG_INVALID', 'the instant of a point is not a date of the years 0 to 9999', {
      operation: 'begin-point',
    });
  }
  const text = at.toISOString();
  return `${text.slice(0, 10).replaceAll('-', '')}-${text.slice(11, 19).replaceAll(':', '')}`;
}
