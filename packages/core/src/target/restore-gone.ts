import { SendenseError } from '../errors/sendense-error.ts';
import type { PlanId } from '../values/identifiers.ts';

/**
 * The error of `TargetConnector.begin` for a state whose restore has left nothing at the target to go on with: it may start over.
 * A `NOT_FOUND` that is not made here says only that something was not found, such as the target itself.
 */
export function restoreGone(plan: PlanId, message: string): SendenseError {
  return new SendenseError('NOT_FOUND', message, {
    operation: 'resume-restore',
    remedy: 'start the restore again',
    context: { restoreGone: plan },
  });
}

/** Whether `error` is {@link restoreGone} of this plan (of any copy of this package). */
export function isRestoreGone(error: unknown, plan: PlanId): boolean {
  return SendenseError.is(error, 'NOT_FOUND') && error.context.restoreGone === plan;
}
