import { expect, it } from 'vitest';
import { replyError } from './reply-error.ts';

const told = {
  code: 'LOCKED',
  message: 'it is in use',
  remedy: 'wait',
  operation: 'start-job',
  retry: 'later',
};
const reply = { status: 409, retryAfter: null, text: '', operation: 'startBackup', changes: true };
const errorOf = (error: object, status = 409) =>
  replyError({ ...reply, status, text: JSON.stringify({ error }) });

it('is what the server told, with the status', () => {
  expect(errorOf(told)).toMatchObject({ ...told, effect: 'none', context: { status: 409 } });
  expect(errorOf({ ...told, remedy: null }).remedy).toBeUndefined();
  expect(errorOf(told, 500).effect).toBe('unknown');
});

it('keeps the retry advice of a code that only newer servers know, and allows new fields', () => {
  expect(errorOf({ ...told, code: 'QUANTUM_LOST', moon: 'full' })).toMatchObject({
    code: 'UNEXPECTED',
    message: 'it is in use',
    retry: 'later',
    context: { unknownCode: 'QUANTUM_LOST' },
  });
});

it('leaves nothing open of a call that changes nothing', () => {
  for (const text of [JSON.stringify({ error: told }), '<h1>Bad gateway</h1>'])
    expect(replyError({ ...reply, status: 502, text, changes: false }).effect).toBe('none');
});

it('cuts texts that are too long to be carried', () => {
  const long = { ...told, message: 'm'.repeat(20_000), remedy: 'r'.repeat(5000) };
  expect(errorOf(long)).toMatchObject({
    code: 'LOCKED',
    message: 'm'.repeat(16_384),
    remedy: 'r'.repeat(4096),
  });
});

it('tells how long the server asks to wait', () => {
  const text = JSON.stringify({ error: { ...told, code: 'RATE_LIMITED' } });
  expect(replyError({ ...reply, status: 429, retryAfter: '7', text })).toMatchObject({ retryAfterMs: 7000 });
  expect(replyError({ ...reply, retryAfter: 'Sun, 06 Nov 1994 08:49:37 GMT', text }).retryAfterMs).toBe(
    undefined,
  );
});

it('takes what is no answer of a server for a gateway that does not reach it, or for another service', () => {
  for (const text of ['', '<h1>Bad gateway</h1>', '{}', '{"error":"x"}', '[1]', 'null']) {
    expect(replyError({ ...reply, status: 502, text })).toMatchObject({
      code: 'CONNECTION_LOST',
      retry: 'later',
      effect: 'unknown',
    });
    expect(replyError({ ...reply, status: 404, text })).toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      operation: 'startBackup',
      retry: 'never',
    });
  }
});
