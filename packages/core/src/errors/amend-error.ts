import type { Json } from '../values/json.ts';
import { SendenseError } from './sendense-error.ts';

/** What a caller knows of a failure that the one who noticed it did not. */
export type ErrorAmendment = {
  readonly message?: string;
  readonly remedy?: string;
  readonly effect?: SendenseError['effect'];
  /** Added to what is there; a field that is there already stays. */
  readonly context?: { readonly [key: string]: Json };
};

/** The same failure, told with more: code, operation, causes and stack stay; `error` itself is not changed. */
export function amendError(error: SendenseError, amendment: ErrorAmendment): SendenseError {
  const { message = error.message, remedy = error.remedy, effect = error.effect, context } = amendment;
  const { operation, retry, retryAfterMs, cause, causes } = error;
  const amended = new SendenseError(error.code, message, {
    operation,
    retry,
    effect,
    causes,
    context: { ...context, ...error.context },
    ...(cause === undefined ? {} : { cause }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
  if (error.stack !== undefined) amended.stack = error.stack;
  return amended;
}
