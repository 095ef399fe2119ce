import { SendenseError } from '@sendense/core';

/** For `catch` of a deletion: what is gone already is deleted. */
export function unlessGone(error: unknown): void {
  if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
}
