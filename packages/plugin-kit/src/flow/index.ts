export { Budget } from './budget.ts';
export { Closer, orClose } from './closer.ts';
export { type AdjustablePace, createPace } from './create-pace.ts';
export { type Limited, limitConcurrency } from './limit-concurrency.ts';
export { readAhead } from './read-ahead.ts';
export { type ChangeRunner, stopAtFailure } from './stop-at-failure.ts';
export { systemTimer, type Timer } from './timer.ts';
export { type RetryOptions, withRetry } from './with-retry.ts';
export { type TimeoutOptions, withTimeout } from './with-timeout.ts';
