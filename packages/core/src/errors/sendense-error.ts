import type { Json } from '../values/json.ts';
import { defaultRetry, type ErrorCode, type RetryAdvice } from './error-code.ts';

const MARK = Symbol.for('@sendense/core/error/1');

/** What an error knows besides its code and sentence. Never put a secret here: it is logged and serialised. */
export type ErrorDetails = {
  /** Verb-noun of the step that failed, e.g. `open-image`. */
  readonly operation: string;
  readonly retry?: RetryAdvice;
  readonly retryAfterMs?: number;
  /** `unknown`: the call may have happened all the same; repeat it with the same id. */
  readonly effect?: 'none' | 'unknown';
  /** What the user can do about it, as one sentence. */
  readonly remedy?: string;
  readonly context?: { readonly [key: string]: Json };
  readonly cause?: unknown;
  readonly causes?: readonly unknown[];
};

/** The one error class of Sendense. Test with {@link SendenseError.is}: it works across two copies of the package. */
export class SendenseError extends Error {
  override readonly name = 'SendenseError';
  readonly code: ErrorCode;
  readonly operation: string;
  readonly retry: RetryAdvice;
  readonly retryAfterMs: number | undefined;
  readonly effect: 'none' | 'unknown';
  readonly remedy: string | undefined;
  readonly context: { readonly [key: string]: Json };
  readonly causes: readonly unknown[];
  readonly [MARK] = true;

  constructor(code: ErrorCode, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.operation = details.operation;
    this.retry = details.retry ?? defaultRetry(code);
    this.retryAfterMs = details.retryAfterMs;
    this.effect = details.effect ?? 'none';
    this.remedy = details.remedy;
    this.context = details.context ?? {};
    this.causes = details.causes ?? [];
  }

  /** Whether `error` is a SendenseError (of any copy of this package), and of `code` when given. */
  static is(error: unknown, code?: ErrorCode): error is SendenseError {
    return (
      typeof error === 'object' &&
      error !== null &&
      (error as { [MARK]?: unknown })[MARK] === true &&
      (code === undefined || (error as SendenseError).code === code)
    );
  }

  /** Versioned, without stack and cause objects; see `errorFromJson`. */
  toJSON(): { readonly [key: string]: Json } {
    return {
      schema: 'sendense-error/1',
      code: this.code,
      message: this.message,
      operation: this.operation,
      retry: this.retry,
      effect: this.effect,
      context: this.context,
      ...(this.remedy === undefined ? {} : { remedy: this.remedy }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
    };
  }
}
