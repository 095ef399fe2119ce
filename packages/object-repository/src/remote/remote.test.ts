import { abortedError, SendenseError, systemRandom } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { createAttempts } from './attempts.ts';
import { collectBody } from './collect-body.ts';
import { createOnce } from './create-once.ts';
import { checkedListing, type NamedObject } from './listing.ts';
import { objectNames } from './object-names.ts';
import { expectedLength } from './read-object.ts';
import { sendInParts } from './send-in-parts.ts';
import { retryAfterMs, storeFailure } from './store-failure.ts';

const exists = () => new SendenseError('ALREADY_EXISTS', 'there', { operation: 'put-object' });
const lost = () =>
  new SendenseError('CONNECTION_LOST', 'lost', { operation: 'put-object', effect: 'unknown' });

describe('createOnce', () => {
  it('takes an object for its own only after a try of unknown effect, and only with its mark', async () => {
    const fails = (error: Error) => async () => {
      throw error;
    };
    const own = () => Promise.resolve('own');
    await expect(createOnce<string>()({ send: fails(exists()), findOwn: own })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    const once = createOnce<string>();
    await expect(once({ send: fails(lost()), findOwn: own })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    });
    await expect(
      once({ send: fails(exists()), findOwn: () => Promise.resolve(undefined) }),
    ).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await once({ send: fails(exists()), findOwn: own })).toBe('own');
  });
});

describe('createAttempts', () => {
  it('ends a request that takes longer than its bytes need, and tells', async () => {
    const logged: unknown[] = [];
    const options = { attempts: 2, maxDelayMs: 0, timeoutMs: 20, minBytesPerSecond: 1000 };
    const attempts = createAttempts(options, { log: (record) => logged.push(record), random: systemRandom });
    const request = { operation: 'get-object', subject: 's3://b/k', bytes: 10 };
    const never = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('stopped')));
      });
    await expect(attempts(request, never)).rejects.toMatchObject({
      code: 'TIMEOUT',
      retry: 'exhausted',
      context: { limitMs: 30 },
    });
    expect(logged).toHaveLength(1);
  });
});

describe('storeFailure', () => {
  const failed = { operation: 'get-object', subject: 's3://b/k' };

  it('knows the status where the service has no word, and calls the rest unexpected', () => {
    const code = (httpStatus: number) => storeFailure({ vendorCode: 'Strange', httpStatus }, {}, failed).code;
    expect([401, 403, 404, 409, 412, 416, 429, 500, 503, 507, 599, 418].map(code)).toEqual([
      'AUTHENTICATION_FAILED',
      'PERMISSION_DENIED',
      'NOT_FOUND',
      'CONFLICT',
      'ALREADY_EXISTS',
      'RANGE_INVALID',
      'RATE_LIMITED',
      'CONNECTION_LOST',
      'RATE_LIMITED',
      'NO_SPACE',
      'CONNECTION_LOST',
      'UNEXPECTED',
    ]);
  });

  it('is not led by names that objects inherit', () => {
    expect(storeFailure({ vendorCode: 'constructor' }, {}, failed).code).toBe('UNEXPECTED');
  });

  it('reads seconds and dates of Retry-After, within bounds', () => {
    const now = new Date('2026-01-01T00:00:00Z');
    expect(retryAfterMs('7', now)).toBe(7000);
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:09 GMT', now)).toBe(9000);
    expect(retryAfterMs('999999999', now)).toBe(300_000);
    expect(retryAfterMs('Thu, 01 Jan 2015 00:00:00 GMT', now)).toBe(0);
    expect([retryAfterMs('soon', now), retryAfterMs(undefined, now)]).toEqual([undefined, undefined]);
  });
});

describe('collectBody', () => {
  const expected = { operation: 'get-object', subject: 's3://b/k', length: 4 };
  async function* body(...pieces: string[]) {
    for (const piece of pieces) yield Buffer.from(piece);
  }

  it('accepts exactly the bytes that were asked for', async () => {
    expect(Buffer.from(await collectBody(body('ab', '', 'cd'), expected)).toString()).toBe('abcd');
    await expect(collectBody(body('ab', 'c'), expected)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await expect(collectBody(body('ab', 'cde'), expected)).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
    });
  });

  it('refuses a range that was not asked for, however it is written', () => {
    const range = { offset: 10, length: 5 };
    const ask = (contentRange?: string) => () =>
      expectedLength({ contentRange, contentLength: 5 }, range, 'k');
    expect(ask('bytes 10-14/100')()).toBe(5);
    expect(ask('bytes 10-12/13')).toThrow(expect.objectContaining({ code: 'RANGE_INVALID' }));
    for (const other of [
      undefined,
      '',
      'bytes 0-4/100',
      'bytes 10-13/100',
      'bytes 10-14/*',
      'items 10-14/100',
    ])
      expect(ask(other)).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }));
    const whole = (contentLength?: number) => () => expectedLength({ contentLength }, undefined, 'k');
    expect(whole(7)()).toBe(7);
    for (const length of [undefined, 2 ** 40])
      expect(whole(length)).toThrow(expect.objectContaining({ code: 'RANGE_INVALID' }));
  });
});

describe('checkedListing', () => {
  const listing = async (after: string, ...listed: string[]) => {
    async function* objects(): AsyncGenerator<NamedObject> {
      for (const name of listed) yield { name, sizeBytes: 1, modifiedAt: new Date(0) };
    }
    const logged: unknown[] = [];
    const log = (record: unknown) => logged.push(record);
    const keys: string[] = [];
    const rules = { names: objectNames('p'), location: 's3://b/p', log, after };
    for await (const { key } of checkedListing(objects(), rules)) keys.push(key);
    return { keys, logged: logged.length };
  };

  it('gives keys, leaves out what is none and tells, and refuses another order', async () => {
    expect(await listing('', 'p/a', 'p/b c', 'p/d')).toEqual({ keys: ['a', 'd'], logged: 1 });
    expect(await listing('a', 'p/a', 'p/b')).toEqual({ keys: ['b'], logged: 0 });
    await expect(listing('', 'p/b', 'p/a')).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    await expect(listing('', 'p/a', 'p/a')).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });
});

describe('sendInParts', () => {
  it('sends every byte once, in order, and the first failure stops the others', async () => {
    const body = Buffer.from('abcdefgh');
    const texts = await sendInParts(body, 3, {}, (bytes) => Promise.resolve(Buffer.from(bytes).toString()));
    expect(texts).toEqual(['abc', 'def', 'gh']);
    const started: number[] = [];
    const stopped = (signal?: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(abortedError('upload-part', signal)));
      });
    const failing = sendInParts(body, 1, {}, (_bytes, index, { signal }) => {
      started.push(index);
      return index === 1 ? Promise.reject(lost()) : stopped(signal);
    });
    await expect(failing).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(started).toEqual([0, 1, 2, 3]);
  });
});
