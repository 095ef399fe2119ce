import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogRecord } from '@sendense/core';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Access, openAccess } from '../src/access/access.ts';
import { accessOptionsSchema, type OidcOptions } from '../src/access/access-options.ts';
import { AUDIENCE, TestIssuer } from './issuer.ts';

const MINUTE_MS = 60_000;
let issuer: TestIssuer;
let access: Access;
let logged: LogRecord[];

/** Access for tokens of the issuer under test, or as `changes` say. */
function accessWith(changes: Partial<OidcOptions> = {}): Promise<Access> {
  const oidc = {
    issuer: issuer.url,
    audience: AUDIENCE,
    roleClaim: 'roles',
    roles: { backup: 'operator', chief: 'admin' },
    tenantClaim: 'tenant',
    ...changes,
  };
  const options = accessOptionsSchema.parse({ oidc });
  return openAccess(options, join(tmpdir(), 'no-tokens-here'), { log: (record) => logged.push(record) });
}

async function caller(token: string | Promise<string>) {
  return access.authenticate(`Bearer ${await token}`);
}

async function expectRefused(token: string | Promise<string>, why: RegExp) {
  await expect(caller(token)).rejects.toMatchObject({
    code: 'AUTHENTICATION_FAILED',
    retry: 'never',
    message: expect.stringMatching(why),
  });
}

beforeEach(async () => {
  // only the wall clock stands still: tests move it, and the network needs its timers
  vi.useFakeTimers({ toFake: ['Date'] });
  logged = [];
  issuer = await TestIssuer.start();
  access = await accessWith();
});
afterEach(async () => {
  vi.useRealTimers();
  await issuer[Symbol.asyncDispose]();
});

it('takes the token that the issuer gives out for this server', async () => {
  expect(await caller(issuer.token())).toEqual({
    id: 'oidc:night-shift',
    kind: 'oidc',
    role: 'operator',
    tenant: 'acme',
  });
});

it('takes a token that is signed as the other tests sign theirs', async () => {
  expect(await caller(issuer.signed({}))).toMatchObject({ id: 'oidc:night-shift', role: 'operator' });
});

it('refuses a token for another audience', async () => {
  await expectRefused(issuer.token('https://other.example/api'), /aud/);
});

it('refuses a token of another issuer, even when it is signed by the same key', async () => {
  await expectRefused(issuer.signed({ iss: 'https://other.example' }), /iss/);
});

it('refuses a token of another issuer that has keys of its own', async () => {
  await using other = await TestIssuer.start();
  await expectRefused(other.token(), /key is not one of the issuer/);
});

it('refuses a token that has expired, after half a minute for clocks that differ', async () => {
  const token = await issuer.token();
  vi.setSystemTime(Date.now() + 60 * MINUTE_MS + 25_000);
  expect(await caller(token)).toMatchObject({ role: 'operator' });
  vi.setSystemTime(Date.now() + 10_000);
  await expectRefused(token, /expired/);
});

it('refuses a token that never expires', async () => {
  await expectRefused(issuer.signed({ exp: undefined }), /exp/);
});

it('refuses a token that is not valid yet', async () => {
  const nbf = Math.floor(Date.now() / 1000) + 60;
  await expectRefused(issuer.signed({ nbf }), /nbf/);
  vi.setSystemTime(Date.now() + 40_000);
  expect(await caller(issuer.signed({ nbf }))).toMatchObject({ role: 'operator' });
});

it('refuses a token that nobody signed: alg=none', async () => {
  await expectRefused(issuer.unsigned(), /algorithm|signed/);
});

it('refuses a token signed with the public key as a shared secret: HS256', async () => {
  await expectRefused(issuer.signedWithPublicKey(), /algorithm/);
});

it('refuses a token whose claims were changed after it was signed', async () => {
  const [header, , signature] = (await issuer.signed({})).split('.');
  const [, payload] = (await issuer.signed({ roles: ['chief'] })).split('.');
  await expectRefused(`${header}.${payload}.${signature}`, /signature/);
});

it('refuses a token that was cut short, wherever', async () => {
  const token = await issuer.token();
  const dots = [token.indexOf('.'), token.lastIndexOf('.')];
  for (const length of [4, ...dots, ...dots.map((dot) => dot + 1), token.length - 40, token.length - 1])
    await expectRefused(token.slice(0, length), /refused/);
});

it('refuses a token with any character changed', async () => {
  const token = await issuer.token();
  const random = seededRandom(11);
  for (let round = 0; round < 300; round++) {
    // the last character of a signature has bits that mean nothing
    const at = seededInteger(random, token.length - 1);
    const other = String.fromCharCode(0x21 + seededInteger(random, 0x5e));
    if (other === token[at]) continue;
    await expectRefused(token.slice(0, at) + other + token.slice(at + 1), /./);
  }
});

it('refuses an oversized header before it looks at it', async () => {
  await expectRefused(`${'a'.repeat(5000)}.${'b'.repeat(5000)}.c`, /not a bearer token/);
  expect(issuer.asked).toEqual([]);
});

it('refuses a token without a role that is known here', async () => {
  for (const roles of [undefined, [], ['janitor'], { backup: true }, 7, ['constructor']])
    await expectRefused(issuer.signed({ roles }), /no role/);
});

it('refuses a token without exactly one tenant', async () => {
  for (const tenant of [undefined, [], ['acme', 'globex'], 7])
    await expectRefused(issuer.signed({ tenant }), /one tenant/);
});

it('refuses a token of another type where one is asked for', async () => {
  access = await accessWith({ type: 'at+jwt' });
  expect(await caller(issuer.token())).toMatchObject({ role: 'operator' });
  await expectRefused(issuer.signed({}, { typ: 'JWT' }), /typ/);
});

it('takes tokens of a new key, and refuses those of the old one', async () => {
  const old = await issuer.token();
  expect(await caller(old)).toMatchObject({ role: 'operator' });
  await issuer.rotateKeys();
  vi.setSystemTime(Date.now() + MINUTE_MS);
  expect(await caller(issuer.token())).toMatchObject({ role: 'operator' });
  await expectRefused(old, /key is not one of the issuer/);
});

it('refuses tokens of a key that the issuer gave up, at the latest after ten minutes', async () => {
  const old = await issuer.token();
  await caller(old);
  await issuer.rotateKeys();
  vi.setSystemTime(Date.now() + 9 * MINUTE_MS);
  expect(await caller(old)).toMatchObject({ role: 'operator' });
  vi.setSystemTime(Date.now() + 2 * MINUTE_MS);
  await expectRefused(old, /key is not one of the issuer/);
});

it('asks the issuer at most every half minute for keys that tokens name', async () => {
  await caller(issuer.token());
  const before = issuer.asked.length;
  for (const kid of ['a', 'b', 'c']) await expectRefused(issuer.signed({}, { kid }), /key is not one/);
  expect(issuer.asked.slice(before)).toEqual([]);
  vi.setSystemTime(Date.now() + 31_000);
  for (const kid of ['a', 'b', 'c']) await expectRefused(issuer.signed({}, { kid }), /key is not one/);
  expect(issuer.asked.slice(before)).toEqual(['/.well-known/openid-configuration', '/jwks']);
});

it('tells callers to repeat later when the issuer does not answer, and asks it again after five seconds', async () => {
  const token = await issuer.token();
  issuer.instead = () => (_request, response) => response.writeHead(503).end();
  const unavailable = { code: 'CONNECTION_LOST', retry: 'later', retryAfterMs: 5000 };
  await expect(caller(token)).rejects.toMatchObject(unavailable);
  const asked = issuer.asked.length;
  await expect(caller(token)).rejects.toMatchObject(unavailable);
  expect(issuer.asked).toHaveLength(asked);
  expect(logged.map(({ message }) => message)).toEqual([expect.stringContaining('status 503')]);
  issuer.instead = () => undefined;
  vi.setSystemTime(Date.now() + 6000);
  expect(await caller(token)).toMatchObject({ role: 'operator' });
});

it('goes on with the keys it has while the issuer does not answer', async () => {
  const token = await issuer.token();
  const unknown = await issuer.signed({}, { kid: 'unknown' });
  await caller(token);
  issuer.instead = () => (request) => request.socket.destroy();
  vi.setSystemTime(Date.now() + MINUTE_MS);
  await expect(caller(unknown)).rejects.toMatchObject({ code: 'CONNECTION_LOST', retry: 'later' });
  expect(await caller(token)).toMatchObject({ role: 'operator' });
});

const DISCOVERY = '/.well-known/openid-configuration';

it.each<[what: string, status: number, changes: object | string, why: RegExp]>([
  ['of another issuer', 200, { issuer: 'https://other.example' }, /document of another issuer/],
  [
    'with keys over an open network',
    200,
    { jwks_uri: 'http://keys.example/jwks' },
    /keys that do not come by https/,
  ],
  ['with keys in a file', 200, { jwks_uri: 'file:///etc/keys' }, /keys that do not come by https/],
  ['without an end', 200, { padding: 'x'.repeat(300_000) }, /more than 262144 bytes/],
  ['that is no JSON', 200, '<html>', /does not answer with JSON/],
  ['that is no document', 200, '[]', /no discovery document/],
  ['elsewhere', 302, {}, /cannot be reached/],
])('does not take a discovery document %s', async (_what, status, changes, why) => {
  const token = await issuer.token();
  const right = { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` };
  const body = typeof changes === 'string' ? changes : JSON.stringify({ ...right, ...changes });
  issuer.instead = (path) => {
    if (path === DISCOVERY)
      return (_request, response) => response.writeHead(status, { location: '/elsewhere' }).end(body);
    return path === '/elsewhere' ? (_request, response) => response.end(JSON.stringify(right)) : undefined;
  };
  await expect(caller(token)).rejects.toMatchObject({
    retry: 'later',
    message: expect.stringMatching(/keys/),
  });
  expect(logged.map(({ message }) => message)).toEqual([expect.stringMatching(why)]);
});

it('does not take keys without an end, or what is no set of keys', async () => {
  const token = await issuer.token();
  const many = { keys: Array.from({ length: 101 }, () => ({ kty: 'RSA' })) };
  for (const body of [JSON.stringify(many), '{"keys": 7}', 'null', '{"keys": [{}]}']) {
    issuer.instead = (path) => (path === '/jwks' ? (_request, response) => response.end(body) : undefined);
    await expect(caller(token)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION', retry: 'later' });
    vi.setSystemTime(Date.now() + 6000);
  }
  expect(logged.map(({ message }) => message)).toEqual(
    Array(4).fill(expect.stringContaining('no set of keys')),
  );
});

it('tells callers to repeat later when the issuer has a key that is too short to be safe', async () => {
  const token = await issuer.token();
  const { kid } = decodeProtectedHeader(token);
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  const keys = JSON.stringify({ keys: [{ ...short, kid, alg: 'RS256', use: 'sig' }] });
  issuer.instead = (path) => (path === '/jwks' ? (_request, response) => response.end(keys) : undefined);
  await expect(caller(token)).rejects.toMatchObject({
    code: 'PROTOCOL_VIOLATION',
    retry: 'later',
    message: expect.stringContaining('cannot be used'),
  });
});
