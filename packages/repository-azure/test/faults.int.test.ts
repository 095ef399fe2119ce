import { inspect } from 'node:util';
import type { LogRecord } from '@sendense/core';
import type { ObjectStore } from '@sendense/object-repository';
import { AZURITE, type FaultScript, type ScriptedProxy, startScriptedProxy } from '@sendense/tests/objects';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { AzureStoreOptions } from '../src/index.ts';
import { type BlobService, startBlobService } from './fixtures.ts';

const azureError = (status: number, code: string) =>
  ({
    kind: 'answer',
    status,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
    body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>secret-in-message</Message></Error>`,
  }) as const;

const bytes = Buffer.alloc(100_000, 'the bytes of an object ');
const large = Buffer.alloc(5 * 2 ** 20, 'a large object ');

describeWithPeers(['azurite'], 'faults between the store and its container', () => {
  let service: BlobService;
  let proxy: ScriptedProxy;
  let count = 0;
  let key = '';
  const logged: LogRecord[] = [];
  beforeAll(async () => {
    service = await startBlobService();
    proxy = await startScriptedProxy(new URL(service.endpoint).origin);
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    count += 1;
    key = `object-${count}`;
    logged.length = 0;
    proxy.script(() => undefined);
  });

  const timer = { monotonicMs: () => 0, sleep: () => Promise.resolve() };
  const open = (options: Partial<AzureStoreOptions> = {}): Promise<ObjectStore> =>
    service.open(
      { endpoint: `${proxy.endpoint}/${AZURITE.account}`, attempts: 4, ...options },
      { timer, log: (record) => logged.push(record) },
    );
  const once = (method: string, fault: ReturnType<FaultScript>): FaultScript => {
    let left = fault;
    return (request) => {
      if (request.method !== method) return undefined;
      const now = left;
      left = undefined;
      return now;
    };
  };

  it.each([
    ['no time', '<Content-Length>5</Content-Length>'],
    ['no size', '<Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified>'],
  ])('a listing with %s is refused: prune would go by it', async (_what, properties) => {
    await using store = await open();
    const blob = `<Blob><Name>k</Name><Properties>${properties}</Properties></Blob>`;
    const body = `<?xml version="1.0"?><EnumerationResults><Blobs>${blob}</Blobs><NextMarker/></EnumerationResults>`;
    const headers = { 'content-type': 'application/xml' };
    proxy.script(() => ({ kind: 'answer', status: 200, headers, body }));
    const list = async () => {
      for await (const { key: listed } of store.list('')) expect(listed).toBe('none');
    };
    await expect(list()).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });

  it.each([
    ['throttling', azureError(503, 'ServerBusy'), 'RATE_LIMITED'],
    ['a failing server', azureError(500, 'InternalError'), 'CONNECTION_LOST'],
    ['a reset', { kind: 'reset' }, 'CONNECTION_LOST'],
    ['a half-sent object', { kind: 'cut-request' }, 'CONNECTION_LOST'],
    ['a lost answer', { kind: 'lose-answer' }, 'CONNECTION_LOST'],
  ] as const)('%s: put is repeated and told, and there is one whole object', async (_what, fault, code) => {
    await using store = await open();
    proxy.script(once('PUT', fault));
    await store.put(key, bytes);
    expect(logged.map(({ level, fields }) => [level, fields.code])).toEqual([['warn', code]]);
    expect(Buffer.from(await store.get(key)).equals(bytes)).toBe(true);
  });

  it.each([
    ['cut', 'cut-body', 'CONNECTION_LOST'],
    ['changed on the way', 'flip-body', 'CORRUPT'],
    ['stuck in the middle', 'stall-body', 'TIMEOUT'],
  ] as const)('a body that is %s is read again, whole and in a range', async (_what, kind, code) => {
    await using store = await open({ timeoutMs: 1000, minBytesPerSecond: 2 ** 30 });
    await store.put(key, bytes);
    for (const range of [undefined, { offset: 10, length: 50_000 }]) {
      logged.length = 0;
      proxy.script(once('GET', { kind }));
      const expected = range === undefined ? bytes : bytes.subarray(10, 50_010);
      expect(Buffer.from(await store.get(key, range)).equals(expected)).toBe(true);
      expect(logged.map(({ fields }) => fields.code)).toEqual([code]);
    }
  });

  it('a large object is whole when the answer to the commit of its blocks is lost', async () => {
    await using store = await open();
    let isLost = false;
    proxy.script(({ path }) => {
      if (isLost || !path.includes('comp=blocklist')) return undefined;
      isLost = true;
      return { kind: 'lose-answer' };
    });
    await store.put(key, large);
    expect(isLost).toBe(true);
    expect(Buffer.from(await store.get(key)).equals(large)).toBe(true);
  });

  it('a large object that cannot be sent leaves nothing to be seen', async () => {
    await using store = await open({ attempts: 2 });
    proxy.script(({ path }) =>
      path.includes('comp=blocklist') ? azureError(500, 'InternalError') : undefined,
    );
    await expect(store.put(key, large)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      retry: 'exhausted',
    });
    expect(await store.head(key)).toBeUndefined();
  });

  it('refused credentials are reported at once, and no secret is in the error or the log', async () => {
    await using store = await open();
    proxy.script(() => azureError(403, 'AuthenticationFailed'));
    const error: unknown = await store.put(key, bytes).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', retry: 'never' });
    expect(proxy.seen).toHaveLength(1);
    const shown = inspect([error, logged], { depth: 12, showHidden: true });
    for (const secret of [AZURITE.accountKey, 'secret-in-message', 'SharedKey'])
      expect(shown).not.toContain(secret);
  });

  it('a container that does not exist is said so', async () => {
    await using store = await open({ container: 'nowhere' });
    await expect(store.put(key, bytes)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      remedy: 'create the container, or correct its name',
    });
  });
});
