import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TokenStore } from './token-store.ts';

const WANTED = { role: 'operator', tenant: 'acme', name: 'nightly', expiresAt: null } as const;
let folder = '';
let store: TokenStore;
let now = new Date('2026-01-01T00:00:00.000Z');

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'sendense-tokens-')), 'tokens');
  now = new Date('2026-01-01T00:00:00.000Z');
  store = new TokenStore(folder, { clock: { now: () => now } });
});
afterEach(() => rm(join(folder, '..'), { recursive: true }));

const REFUSED = { code: 'AUTHENTICATION_FAILED' };

it('knows the bearer of a token', async () => {
  const { token, record } = await store.create(WANTED);
  expect(token).toMatch(/^sds_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
  expect(await store.authenticate(token)).toEqual({
    id: `token:${record.id}`,
    kind: 'token',
    role: 'operator',
    tenant: 'acme',
  });
});

it('keeps no token, only its hash, in files for their owner alone', async () => {
  const { token, record } = await store.create(WANTED);
  const secret = token.slice('sds_0123456789abcdef_'.length);
  const files = await readdir(folder);
  expect(files).toEqual([`${record.id}.json`]);
  const path = join(folder, `${record.id}.json`);
  expect(await readFile(path, 'utf8')).not.toContain(secret);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

it('gives every token an id and a secret of its own', async () => {
  const tokens = await Promise.all(Array.from({ length: 20 }, () => store.create(WANTED)));
  expect(new Set(tokens.map(({ record }) => record.id)).size).toBe(20);
  expect(new Set(tokens.map(({ token }) => token.slice(21))).size).toBe(20);
  expect(await store.list()).toHaveLength(20);
});

it('refuses a token with the id of one and the secret of another', async () => {
  const [one, other] = [await store.create(WANTED), await store.create(WANTED)];
  await expect(store.authenticate(`sds_${one.record.id}_${other.token.slice(21)}`)).rejects.toMatchObject(
    REFUSED,
  );
});

it('refuses what is cut short, changed in any character, or no token', async () => {
  const { token } = await store.create(WANTED);
  const changed = Array.from({ length: token.length }, (_, at) => {
    const other = token[at] === 'a' ? 'b' : 'a';
    return token.slice(0, at) + other + token.slice(at + 1);
  });
  const others = [
    '',
    'sds_',
    token.slice(0, -1),
    `${token}A`,
    `${token}\n`,
    ` ${token}`,
    token.toUpperCase(),
  ];
  for (const wrong of [
    ...changed,
    ...others,
    'sds_../../../etc/passwd_x',
    `sds_${'0'.repeat(16)}_${'0'.repeat(43)}`,
  ])
    await expect(store.authenticate(wrong), wrong).rejects.toMatchObject(REFUSED);
});

it('refuses a revoked token at once, also in another process', async () => {
  const { token, record } = await store.create(WANTED);
  await store.authenticate(token);
  await new TokenStore(folder).revoke(record.id);
  await expect(store.authenticate(token)).rejects.toMatchObject(REFUSED);
  expect(await store.list()).toEqual([]);
});

it('refuses a token from the moment it expires', async () => {
  const { token } = await store.create({ ...WANTED, expiresAt: '2026-01-02T00:00:00.000Z' });
  now = new Date('2026-01-01T23:59:59.999Z');
  expect(await store.authenticate(token)).toMatchObject({ role: 'operator' });
  now = new Date('2026-01-02T00:00:00.000Z');
  await expect(store.authenticate(token)).rejects.toMatchObject({
    ...REFUSED,
    message: expect.stringContaining('expired'),
  });
});

it('makes no token that has expired already', async () => {
  const expiresAt = now.toISOString();
  await expect(store.create({ ...WANTED, expiresAt })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

it('makes no token for a tenant whose name cannot be one, or with an endless name', async () => {
  for (const wrong of [{ tenant: '' }, { tenant: 'a/b' }, { tenant: 'acme\n' }, { name: 'x'.repeat(129) }])
    await expect(store.create({ ...WANTED, ...wrong })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(await store.list()).toEqual([]);
});

it('says that it was used even when its last token is gone', async () => {
  expect(await store.isUsed()).toBe(false);
  const { record } = await store.create(WANTED);
  await store.revoke(record.id);
  expect(await store.isUsed()).toBe(true);
});

it('names the token that is not there when it is to be revoked, and takes no path for an id', async () => {
  await store.create(WANTED);
  const other = join(folder, '..', 'other.json');
  await writeFile(other, '{}');
  for (const id of ['0123456789abcdef', '../other', '', 'x/../../other'])
    await expect(store.revoke(id)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `there is no token ${id}`,
    });
  expect(await readFile(other, 'utf8')).toBe('{}');
});

it('tells plainly what is wrong with a damaged file, and authenticates nobody by it', async () => {
  const { token, record } = await store.create(WANTED);
  const other = await store.create(WANTED);
  const path = join(folder, `${record.id}.json`);
  const good = await readFile(path, 'utf8');
  const damages: [content: string, why: RegExp][] = [
    ['', /no record/],
    [good.slice(0, 100), /no record/],
    [good.replace('operator', 'root'), /no record/],
    [good.replace('{', '{"more": 1,'), /no record/],
    [await readFile(join(folder, `${other.record.id}.json`), 'utf8'), /another token/],
    [good + ' '.repeat(5000), /too large/],
  ];
  for (const [content, why] of damages) {
    await writeFile(path, content);
    const error = { code: 'CORRUPT', message: expect.stringMatching(why), context: { path } };
    await expect(store.authenticate(token)).rejects.toMatchObject(error);
    await expect(store.list()).rejects.toMatchObject(error);
    expect(await store.authenticate(other.token)).toMatchObject({ kind: 'token' });
  }
  await store.revoke(record.id);
  await expect(store.authenticate(token)).rejects.toMatchObject(REFUSED);
});

it('does not trust a file that other users may reach', async () => {
  const { token, record } = await store.create(WANTED);
  await chmod(join(folder, `${record.id}.json`), 0o620);
  await expect(store.authenticate(token)).rejects.toMatchObject({
    code: 'CORRUPT',
    message: expect.stringContaining('other users'),
  });
});
