import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededBytes, seededInteger, seededRandom } from '@sendense/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAccess } from './access.ts';
import { TokenStore } from './tokens/token-store.ts';

const WANTED = { role: 'viewer', tenant: null, name: null, expiresAt: null } as const;
const REFUSED = { code: 'AUTHENTICATION_FAILED' };
let folder = '';
let tokens = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-access-'));
  tokens = join(folder, 'tokens');
});
afterEach(() => rm(folder, { recursive: true }));

it('takes every caller for the local one where no credentials were ever made', async () => {
  const access = await openAccess({}, tokens);
  expect(await access.isGuarded()).toBe(false);
  expect(await access.authenticate(undefined)).toEqual({
    id: 'local',
    kind: 'local',
    role: 'admin',
    tenant: null,
  });
});

it('refuses wrong credentials where none are needed', async () => {
  const access = await openAccess({}, tokens);
  for (const wrong of ['Bearer x', `Bearer sds_${'0'.repeat(16)}_${'0'.repeat(43)}`, 'Basic dTpw', ''])
    await expect(access.authenticate(wrong)).rejects.toMatchObject(REFUSED);
});

it('asks for credentials as soon as the first token is made, while it runs', async () => {
  const access = await openAccess({}, tokens);
  const { token } = await new TokenStore(tokens).create(WANTED);
  await expect(access.authenticate(undefined)).rejects.toMatchObject(REFUSED);
  expect(await access.isGuarded()).toBe(true);
  expect(await access.authenticate(`Bearer ${token}`)).toMatchObject({ kind: 'token', role: 'viewer' });
});

it('does not open when the tokens are removed, folder and all', async () => {
  const { token } = await new TokenStore(tokens).create(WANTED);
  const access = await openAccess({}, tokens);
  await rm(tokens, { recursive: true });
  await expect(access.authenticate(undefined)).rejects.toMatchObject(REFUSED);
  await expect(access.authenticate(`Bearer ${token}`)).rejects.toMatchObject(REFUSED);
});

it('takes a bearer token in any case of the word, and nothing else', async () => {
  const { token } = await new TokenStore(tokens).create(WANTED);
  const access = await openAccess({}, tokens);
  for (const word of ['Bearer', 'bearer', 'BEARER'])
    expect(await access.authenticate(`${word} ${token}`)).toMatchObject({ kind: 'token' });
  const wrong = [
    token,
    `Basic ${token}`,
    `Bearer${token}`,
    `Bearer ${token}, Bearer ${token}`,
    `Bearer ${token} x`,
  ];
  for (const authorization of [...wrong, `Bearer ${'a'.repeat(9000)}`])
    await expect(access.authenticate(authorization), authorization).rejects.toMatchObject(REFUSED);
});

it('never repeats what it refuses', async () => {
  const access = await openAccess({}, tokens);
  const secret = 'x'.repeat(43);
  const error: unknown = await access
    .authenticate(`Bearer sds_${'0'.repeat(16)}_${secret}`)
    .catch((e: unknown) => e);
  expect(error).toMatchObject(REFUSED);
  expect(JSON.stringify(error)).not.toContain(secret);
});

it('answers any bytes that look like credentials or not with the same refusal', async () => {
  const { token } = await new TokenStore(tokens).create(WANTED);
  const access = await openAccess({}, tokens);
  const random = seededRandom(7);
  for (let round = 0; round < 500; round++) {
    const noise = Buffer.from(seededBytes(round, seededInteger(random, 80))).toString('latin1');
    const at = seededInteger(random, token.length);
    const mixed = token.slice(0, at) + noise + token.slice(at + 1);
    for (const wrong of [noise, `Bearer ${noise}`, `Bearer ${mixed}`, `Bearer sds_${noise}`])
      await expect(access.authenticate(wrong), JSON.stringify(wrong)).rejects.toMatchObject(REFUSED);
  }
});
