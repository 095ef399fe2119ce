import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from './error-code.ts';
import { errorFromJson } from './error-from-json.ts';
import { SendenseError } from './sendense-error.ts';

/** The class as a second installed copy of the package has it. */
async function otherCopy(): Promise<typeof SendenseError> {
  const url = new URL('./sendense-error.ts?copy=2', import.meta.url).href;
  return ((await import(/* @vite-ignore */ url)) as { SendenseError: typeof SendenseError }).SendenseError;
}

describe('SendenseError', () => {
  it('is recognised across two copies of the package, and by code', async () => {
    const Other = await otherCopy();
    expect(Other).not.toBe(SendenseError);
    const error: unknown = new Other('LOCKED', 'in use', { operation: 'open-image' });
    expect(error).not.toBeInstanceOf(SendenseError);
    expect(SendenseError.is(error)).toBe(true);
    expect(SendenseError.is(error, 'LOCKED')).toBe(true);
    expect(SendenseError.is(error, 'CORRUPT')).toBe(false);
  });

  it('is not confused with other errors and values', () => {
    for (const other of [new Error('x'), new TypeError('x'), null, undefined, 'LOCKED', { code: 'LOCKED' }])
      expect(SendenseError.is(other)).toBe(false);
  });

  it('takes its retry advice from the code unless told better', () => {
    expect(new SendenseError('RATE_LIMITED', 'slow down', { operation: 'x' }).retry).toBe('later');
    expect(new SendenseError('CORRUPT', 'bad', { operation: 'x' }).retry).toBe('never');
    expect(new SendenseError('TIMEOUT', 'late', { operation: 'x', retry: 'exhausted' }).retry).toBe(
      'exhausted',
    );
    expect(new SendenseError('CORRUPT', 'bad', { operation: 'x' }).effect).toBe('none');
  });

  it('comes back from JSON as it went, without stack and cause', () => {
    const error = new SendenseError('NO_SPACE', 'full', {
      operation: 'write-blocks',
      retryAfterMs: 500,
      effect: 'unknown',
      remedy: 'free space',
      context: { path: '/x', bytes: 7 },
      cause: new Error('secret inside'),
    });
    const text = JSON.stringify(error);
    expect(text).not.toContain('secret inside');
    const back = errorFromJson(JSON.parse(text));
    expect(back.toJSON()).toEqual(error.toJSON());
    expect(back).toMatchObject({ code: 'NO_SPACE', retry: 'later', effect: 'unknown', remedy: 'free space' });
  });

  it('keeps the retry advice of a code that a newer version knows', () => {
    const back = errorFromJson({ code: 'QUANTUM_LOST', message: 'gone', operation: 'x', retry: 'later' });
    expect(back).toMatchObject({
      code: 'UNEXPECTED',
      retry: 'later',
      context: { unknownCode: 'QUANTUM_LOST' },
    });
  });

  it('answers foreign JSON with PROTOCOL_VIOLATION', () => {
    for (const json of [null, 7, 'x', {}, { code: 1, message: 'x' }])
      expect(errorFromJson(json).code).toBe('PROTOCOL_VIOLATION');
  });

  it('has a sentence for every code', () => {
    for (const text of Object.values(ERROR_CODES)) expect(text.length).toBeGreaterThan(10);
  });
});
