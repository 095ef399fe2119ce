import type { Finding } from '@sendense/core';

/** Says that `what` is still there; `reconcile` finds it by its name. */
export function notRemoved(what: string, error: unknown): Finding {
  const text = error instanceof Error ? error.message : String(error);
  return { severity: 'warning', code: 'not-removed', message: `${what} could not be removed: ${text}` };
}
