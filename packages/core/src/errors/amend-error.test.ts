import { expect, it } from 'vitest';
import { amendError } from './amend-error.ts';
import { SendenseError } from './sendense-error.ts';

const cause = new Error('below');
const error = new SendenseError('RATE_LIMITED', 'slow down', {
  operation: 'write-blocks',
  retry: 'exhausted',
  retryAfterMs: 500,
  effect: 'unknown',
  remedy: 'wait',
  context: { path: '/x' },
  cause,
  causes: [cause],
});

it('adds what the caller knows and keeps everything else', () => {
  const amended = amendError(error, { remedy: 'wait longer', context: { jobId: 'j', path: '/other' } });
  expect(amended.toJSON()).toEqual({
    ...error.toJSON(),
    remedy: 'wait longer',
    context: { jobId: 'j', path: '/x' },
  });
  expect([amended.cause, amended.causes, amended.stack]).toEqual([cause, [cause], error.stack]);
});

it('does not change the error it is given', () => {
  const before = JSON.stringify(error);
  expect(amendError(error, { message: 'x', remedy: 'y', context: { z: 1 } })).not.toBe(error);
  expect(JSON.stringify(error)).toBe(before);
});
