import { inspect } from 'node:util';
import { ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { LogRecord } from '@sendense/core';
import type { ObjectStore } from '@sendense/object-repository';
import { MAX_SEALED_BYTES } from '@sendense/object-repository/remote';
import { openS3Store, type S3StoreOptions, type S3StoreServices } from '@sendense/repository-s3';
import { type FaultScript, type ScriptedProxy, startScriptedProxy, TEST_KEYS } from '@sendense/tests/objects';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { CREDENTIALS, type Gateway, SMALL_OPTIONS, startGateway } from './fixtures.ts';

const s3Error = (status: number, code: string, headers: Record<string, string> = {}) =>
  ({
    kind: 'answer',
    status,
    headers: { 'content-type': 'application/xml', ...headers },
    body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>secret-in-message</Message></Error>`,
  }) as const;

const bytes = Buffer.alloc(100_000, 'the bytes of an object ');
const large = Buffer.alloc(18 * 2 ** 20, 'a large object ');

describeWithPeers(['versitygw'], 'faults between the store and its bucket', () => {
  let gateway: Gateway;
  let proxy: ScriptedProxy;
  let count = 0;
  let key = '';
  const logged: LogRecord[] = [];
  const delays: number[] = [];
  beforeAll(async () => {
    gateway = await startGateway();
    proxy = await startScriptedProxy(gateway.endpoint);
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    count += 1;
    key = `object-${count}`;
    logged.length = 0;
    delays.length = 0;
    proxy.script(() => undefined);
  });

  const timer = {
    monotonicMs: () => 0,
    sleep: (ms: number) => {
      delays.push(ms);
      return Promise.resolve();
    },
  };
  function open(options: Partial<S3StoreOptions> = {}, services: S3StoreServices = {}): Promise<ObjectStore> {
    return openS3Store(
      { bucket: 'plain', endpoint: proxy.endpoint, ...SMALL_OPTIONS, attempts: 5, ...options },
      { ...CREDENTIALS, timer, log: (record) => logged.push(record), ...services },
    );
  }
  /** The first requests with this method end so; the ones after them go through. */
  const firstOnes = (method: string, faults: readonly ReturnType<FaultScript>[]): FaultScript => {
    const left = [...faults];
    return (request) => (request.method === method ? left.shift() : undefined);
  };

  it.each([
    ['throttling', s3Error(503, 'SlowDown'), 'RATE_LIMITED'],
    ['too many requests', s3Error(429, 'TooManyRequests'), 'RATE_LIMITED'],
    ['a failing server', s3Error(500, 'InternalError'), 'CONNECTION_LOST'],
    ['a gateway that fails without XML', { kind: 'answer', status: 502, body: '<html>' }, 'CONNECTION_LOST'],
    ['a reset', { kind: 'reset' }, 'CONNECTION_LOST'],
    ['a half-sent object', { kind: 'cut-request' }, 'CONNECTION_LOST'],
    ['a lost answer', { kind: 'lose-answer' }, 'CONNECTION_LOST'],
  ] as const)('%s: put is repeated and told, and there is one whole object', async (_what, fault, code) => {
    await using store = await open();
    proxy.script(firstOnes('PUT', [fault, fault]));
    await store.put(key, bytes);
    expect(logged.map(({ level, fields }) => [level, fields.code, fields.operation])).toEqual(
      Array.from({ length: 2 }, () => ['warn', code, 'put-object']),
    );
    expect(Buffer.from(await store.get(key)).equals(bytes)).toBe(true);
  });

  it('an object that somebody else made while our answer was lost is not taken for our own', async () => {
    await using store = await open();
    proxy.script(firstOnes('PUT', [{ kind: 'reset' }]));
    const putting = store.put(key, bytes).catch((error: unknown) => error);
    await gateway.client.send(new PutObjectCommand({ Bucket: 'plain', Key: key, Body: bytes }));
    expect(await putting).toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it.each([
    ['cut', 'cut-body', 'CONNECTION_LOST'],
    ['changed on the way', 'flip-body', 'CORRUPT'],
    ['stuck in the middle', 'stall-body', 'TIMEOUT'],
  ] as const)('a body that is %s is read again', async (_what, kind, code) => {
    await using store = await open({ timeoutMs: 1000, minBytesPerSecond: 2 ** 30 });
    await store.put(key, bytes);
    proxy.script(firstOnes('GET', [{ kind }]));
    expect(Buffer.from(await store.get(key)).equals(bytes)).toBe(true);
    expect(logged.map(({ fields }) => fields.code)).toEqual([code]);
  });

  it('listing and looking go on after resets', async () => {
    await using store = await open({ prefix: 'listing' });
    const keys = Array.from({ length: 16 }, (_, index) => `k-${10 + index}`);
    for (const each of keys) await store.put(each, bytes.subarray(0, 5));
    proxy.script((_request, number) => (number % 2 === 1 ? { kind: 'reset' } : undefined));
    const seen: string[] = [];
    for await (const object of store.list('')) seen.push(object.key);
    expect(seen).toEqual(keys);
    expect(await store.head('k-10')).toMatchObject({ sizeBytes: 5 });
  });

  const listing = (body: string) =>
    ({ kind: 'answer', status: 200, headers: { 'content-type': 'application/xml' }, body }) as const;
  const line = '<Key>k</Key><Size>5</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified>';
  it.each([
    ['no time', `<Contents>${line.replace(/<LastModified>.*>/, '')}</Contents>`],
    ['no size', `<Contents>${line.replace(/<Size>5<.Size>/, '')}</Contents>`],
    ['more to come, and no token', `<IsTruncated>true</IsTruncated><Contents>${line}</Contents>`],
  ])('a listing with %s is refused: prune would go by it', async (_what, content) => {
    await using store = await open();
    proxy.script(() => listing(`<?xml version="1.0"?><ListBucketResult>${content}</ListBucketResult>`));
    const seen: string[] = [];
    const list = async () => {
      for await (const object of store.list('')) seen.push(object.key);
    };
    await expect(list()).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });

  it('gives up after the tries it may have, with growing waits and jitter', async () => {
    await using store = await open({ attempts: 6, maxDelayMs: 1000 });
    proxy.script(() => s3Error(503, 'SlowDown'));
    await expect(store.get(key)).rejects.toMatchObject({ code: 'RATE_LIMITED', retry: 'exhausted' });
    expect(proxy.seen).toHaveLength(6);
    for (const [index, delay] of delays.entries())
      expect(delay).toBeLessThanOrEqual(Math.min(1000, 200 * 2 ** index));
    expect(new Set(delays).size).toBeGreaterThan(1);
  });

  it('waits as long as the store asks for', async () => {
    await using store = await open();
    await store.put(key, bytes);
    proxy.script(firstOnes('GET', [s3Error(503, 'SlowDown', { 'retry-after': '7' })]));
    await store.get(key);
    expect(delays).toEqual([7000]);
  });

  it('credentials that ran out are reported at once, and no secret is in the error or the log', async () => {
    await using store = await open();
    for (const [status, code, ours] of [
      [400, 'ExpiredToken', 'EXPIRED'],
      [403, 'SignatureDoesNotMatch', 'AUTHENTICATION_FAILED'],
      [403, 'AccessDenied', 'PERMISSION_DENIED'],
    ] as const) {
      proxy.script(() => s3Error(status, code));
      const error: unknown = await store.put(key, bytes).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: ours, retry: 'never', remedy: expect.any(String) as string });
      expect(proxy.seen).toHaveLength(1);
      const shown = inspect([error, logged], { depth: 12, showHidden: true });
      for (const secret of [
        TEST_KEYS.secretAccessKey,
        TEST_KEYS.accessKeyId,
        'secret-in-message',
        'Signature=',
      ])
        expect(shown).not.toContain(secret);
    }
  });

  it('new credentials are asked for before the old ones run out', async () => {
    let asked = 0;
    const credentials: S3StoreServices['credentials'] = async () => {
      asked += 1;
      return { ...(await CREDENTIALS.credentials()), expiration: new Date(Date.now() + 1000) };
    };
    await using store = await open({}, { credentials });
    proxy.script(() => undefined);
    await store.put(key, bytes);
    await store.get(key);
    expect(asked).toBeGreaterThan(1);
  });

  it('a clock that is wrong is corrected by what the store says; otherwise the error tells to set it', async () => {
    await using store = await open();
    const skewed = s3Error(403, 'RequestTimeTooSkewed', {
      date: new Date(Date.now() + 7200_000).toUTCString(),
    });
    proxy.script((_request, number) => (number === 1 ? s3Error(403, 'RequestTimeTooSkewed') : undefined));
    await store.put(key, bytes);
    expect(logged).toHaveLength(1);
    proxy.script(() => skewed);
    await expect(store.get(key)).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      remedy: 'set the clock of this machine',
    });
  });

  it.each([
    ['the answer to the last request is lost', 'POST', 'complete', { kind: 'lose-answer' }],
    ['a part is throttled', 'PUT', 'partNumber', s3Error(503, 'SlowDown')],
    ['a part is cut', 'PUT', 'partNumber=2', { kind: 'cut-request' }],
  ] as const)('a large object is whole when %s', async (_what, method, part, fault) => {
    await using store = await open();
    let isDone = false;
    proxy.script(({ method: used, path }) => {
      const isWanted = part === 'complete' ? /uploadId=[^&]+$/.test(path) : path.includes(part);
      if (isDone || used !== method || !isWanted) return undefined;
      isDone = true;
      return fault;
    });
    await store.put(key, large);
    expect(isDone).toBe(true);
    expect(Buffer.from(await store.get(key)).equals(large)).toBe(true);
  });

  it('what a manifest or an index object may have is sent at once, however small parts are: those have an earlier time', async () => {
    await using store = await open();
    await store.put(key, large.subarray(0, MAX_SEALED_BYTES));
    expect(proxy.seen.map((request) => request.split(/[ ?]/)[0])).toEqual(['PUT', 'HEAD']);
    expect((await store.get(key)).byteLength).toBe(MAX_SEALED_BYTES);
  });

  it('a large object is known again when its upload is gone because it was completed', async () => {
    await using store = await open();
    const answers = [{ kind: 'lose-answer' } as const, s3Error(404, 'NoSuchUpload')];
    proxy.script(({ method, path }) =>
      method === 'POST' && /uploadId=[^&]+$/.test(path) ? answers.shift() : undefined,
    );
    await store.put(key, large);
    expect(answers).toEqual([]);
    expect(Buffer.from(await store.get(key)).equals(large)).toBe(true);
  });

  it('a large object that cannot be sent leaves nothing, no parts either', async () => {
    await using store = await open({ attempts: 2 });
    proxy.script(({ path }) => (path.includes('partNumber=2') ? s3Error(500, 'InternalError') : undefined));
    await expect(store.put(key, large)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      retry: 'exhausted',
    });
    expect(await store.head(key)).toBeUndefined();
    const uploads = await gateway.client.send(new ListMultipartUploadsCommand({ Bucket: 'plain' }));
    expect(uploads.Uploads ?? []).toEqual([]);
  });

  it('a call that is cancelled while the store is silent ends', async () => {
    await using store = await open();
    await store.put(key, bytes);
    const stop = new AbortController();
    proxy.script(() => {
      setTimeout(() => stop.abort(), 10);
      return { kind: 'stall-body' };
    });
    await expect(store.get(key, undefined, { signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });
});
