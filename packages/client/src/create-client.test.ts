import { inspect } from 'node:util';
import { SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import type { ClientOptions } from './client-options.ts';
import { createClient } from './create-client.ts';
import type { Fetch, FetchInit } from './http/fetch.ts';

const url = 'http://127.0.0.1:1';
const token = 'sdt_hunter2';

/** Options whose requests `answer` answers, and the requests. */
function answering(answer: (init: FetchInit) => Response | Promise<Response>) {
  const asked: { url: string; init: FetchInit }[] = [];
  const fetch: Fetch = async (to, init) => {
    asked.push({ url: to, init });
    return answer(init);
  };
  return { options: { url, fetch } satisfies ClientOptions, asked };
}

const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });

it('sends the token of this request, and keeps the path of the URL', async () => {
  const { options, asked } = answering(() => json({ backups: [] }));
  const tokens = ['one', 'two'];
  const client = createClient({
    ...options,
    url: `${url}/behind/`,
    getToken: async () => tokens.shift() ?? '',
  });
  await client.listBackups();
  await client.listBackups({ vm_name: 'web' });
  expect(asked.map(({ init }) => init.headers.authorization)).toEqual(['Bearer one', 'Bearer two']);
  expect(asked.map((each) => each.url)).toEqual([
    `${url}/behind/api/v1/backup/list`,
    `${url}/behind/api/v1/backup/list?vm_name=web`,
  ]);
});

it('refuses options that are wrong, and tokens over plain HTTP to other machines', () => {
  const wrong: readonly ClientOptions[] = [
    { url: 'ftp://127.0.0.1' },
    { url: 'x' },
    { url: 'http://user:pass@127.0.0.1' },
    { url, token, getToken: async () => token },
    { url, caPem: 'x', fetch },
    { url: 'http://backup.example', token },
    { url, timeoutMs: 0 },
    { url, timeoutMs: 2_147_483_648 },
    { url: `${url}/?tenant=a` },
    { url: `${url}/#a` },
    { url: `${url}/?` },
    { url, color: 1 } as ClientOptions,
  ];
  for (const options of wrong)
    expect(() => createClient(options), JSON.stringify(options)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('hunter2') }),
    );
  expect(createClient({ url, timeoutMs: 2_147_483_647 })).toBeDefined();
  for (const host of ['http://localhost:1', 'http://[::1]:1', 'https://backup.example'])
    expect(createClient({ url: host, token })).toBeDefined();
});

it('shows its token nowhere, also when it is no token', async () => {
  const { options } = answering(() => json({ error: { code: 'NOT_FOUND', message: 'x' } }, 404));
  const client = createClient({ ...options, token });
  const error: unknown = await client.showJob({ job_id: 'j' }).catch((reason: unknown) => reason);
  const torn = createClient({ url, token: `${token}\n` });
  const second: unknown = await torn.checkHealth().catch((reason: unknown) => reason);
  expect(second).toMatchObject({ code: 'CONFIG_INVALID' });
  const shown = inspect([client, error, torn, second], { depth: 20, showHidden: true });
  expect(shown).not.toContain('hunter2');
});

it('tells an answer that no server gives', async () => {
  for (const body of ['', '<html>', '{}', '{"jobs":{}}', '{"jobs":[{"job_id":"j"}]}']) {
    const { options } = answering(() => new Response(body));
    await expect(createClient(options).listJobs()).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      operation: 'listJobs',
      effect: 'none',
    });
  }
  const { options } = answering(() => json({ job_id: 'j' }, 202));
  const started = createClient(options).startBackup({ vm_name: 'w', repository: 'r' });
  await expect(started).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION', effect: 'unknown' });
});

it('follows no redirect with its token', async () => {
  const { options, asked } = answering(
    () => new Response(null, { status: 302, headers: { location: 'https://evil.example' } }),
  );
  const client = createClient({ ...options, token });
  await expect(client.checkHealth()).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  expect(asked).toMatchObject([{ init: { redirect: 'manual' } }]);
});

/** Never answers, and gives up when it is told to. */
const silent: Fetch = (_, { signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

it('waits for an answer as long as it may, and for no longer than its caller', async () => {
  const client = createClient({ url, fetch: silent, timeoutMs: 5 });
  await expect(client.checkHealth()).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'none' });
  await expect(client.cancelJob({ job_id: 'j' })).rejects.toMatchObject({
    code: 'TIMEOUT',
    effect: 'unknown',
    retry: 'later',
  });
  const stop = new AbortController();
  const patient = createClient({ url, fetch: silent }).cancelJob({ job_id: 'j' }, { signal: stop.signal });
  stop.abort();
  await expect(patient).rejects.toMatchObject({ code: 'ABORTED', effect: 'unknown' });
  await expect(client.checkHealth({}, { signal: stop.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  const getToken = () => Promise.withResolvers<string>().promise;
  const tokenless = createClient({ url, getToken, timeoutMs: 5 });
  await expect(tokenless.checkHealth()).rejects.toMatchObject({ code: 'TIMEOUT' });
});

it('waits for one call as long as that call says', async () => {
  const client = createClient({ url, fetch: silent });
  const short = { timeoutMs: 5 };
  await expect(client.checkHealth({}, short)).rejects.toMatchObject({ code: 'TIMEOUT' });
  await expect(client.readMetrics({}, short)).rejects.toMatchObject({ code: 'TIMEOUT' });
  const file = { mount_id: 'm', path: '/f' };
  await expect(client.files.download(file, short)).rejects.toMatchObject({ code: 'TIMEOUT' });
  await expect(client.files.entries(file, short).next()).rejects.toMatchObject({ code: 'TIMEOUT' });
  for (const timeoutMs of [0, 1.5, 2_147_483_648])
    await expect(client.checkHealth({}, { timeoutMs })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

it.each([
  new Error('no such account'),
  new SendenseError('CONNECTION_LOST', 'the issuer is away', { operation: 'ask-issuer' }),
])('tells a getToken that failed for what it is, and does not try it again: %s', async (cause) => {
  const { options, asked } = answering(() => json({ jobs: [] }));
  let calls = 0;
  const getToken = async () => {
    calls += 1;
    throw cause;
  };
  const client = createClient({ ...options, getToken });
  const start = () => client.startBackup({ vm_name: 'w', repository: 'r' });
  for (const call of [start, () => client.jobs.wait('j')]) {
    const error: unknown = await call().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', effect: 'none', retry: 'never' });
    expect((error as Error).cause).toBe(cause);
  }
  expect([calls, asked]).toEqual([2, []]);
});

it('tells a server that cannot be reached, and what is not known of the request', async () => {
  const lost = (code: string) =>
    createClient({
      url,
      fetch: () =>
        Promise.reject(new TypeError('failed', { cause: Object.assign(new Error(code), { code }) })),
    });
  const start = { vm_name: 'w', repository: 'r' };
  await expect(lost('ECONNREFUSED').startBackup(start)).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
    retry: 'later',
    effect: 'none',
  });
  await expect(lost('ECONNRESET').startBackup(start)).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
    effect: 'unknown',
  });
  await expect(lost('SELF_SIGNED_CERT_IN_CHAIN').checkHealth()).rejects.toMatchObject({
    code: 'UNTRUSTED_PEER',
    retry: 'never',
  });
});
