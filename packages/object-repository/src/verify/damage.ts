import { type Finding, SendenseError } from '@sendense/core';

/** A finding of an object that is not what was stored. */
export function damage(code: string, error: unknown, object: string): Finding {
  const message = SendenseError.is(error) ? error.message : String(error);
  return { severity: 'error', code, message, object };
}
