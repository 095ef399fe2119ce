import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TokenStore } from '@sendense/server/access';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ctlJson, runCtl } from './run-ctl.ts';

let home = '';
let tokens = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-token-'));
  tokens = join(home, '.local', 'state', 'sendense', 'server', 'tokens');
});
afterEach(() => rm(home, { recursive: true }));

it('makes a token that a running server takes until it is revoked', async () => {
  const server = new TokenStore(tokens);
  const made = await ctlJson(home, [
    'token',
    'create',
    '--role',
    'operator',
    '--tenant',
    'acme',
    '--name',
    'ci',
  ]);
  expect(made).toMatchObject({ role: 'operator', tenant: 'acme', name: 'ci', expiresAt: null });
  const { tokenId, token } = made as { tokenId: string; token: string };
  expect(await server.authenticate(token)).toMatchObject({
    id: `token:${tokenId}`,
    role: 'operator',
    tenant: 'acme',
  });
  expect(await ctlJson(home, ['token', 'revoke', '--token-id', tokenId])).toEqual({ revoked: tokenId });
  await expect(server.authenticate(token)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
});

it('warns of a tenant that is not configured, whose token would see nothing', async () => {
  await writeFile(
    join(home, 'c.json'),
    '{"server": {"access": {"tenants": {"acme": {"repositories": ["main"]}}}}}',
  );
  const create = (tenant: string) =>
    runCtl(home, ['token', 'create', '--role', 'viewer', '--tenant', tenant, '--config', 'c.json']);
  expect((await create('acme')).stderr).toBe('');
  const { code, stderr } = await create('acne');
  expect([code, stderr]).toEqual([0, expect.stringContaining('"acne" is not in the configuration')]);
});

it('shows a token once: neither its file nor the list holds it', async () => {
  const { lines } = await runCtl(home, ['token', 'create', '--role', 'viewer', '--expires-in', '30d']);
  const [token = ''] = lines;
  const secret = token.slice(-43);
  expect(token).toMatch(/^sds_[0-9a-f]{16}_/);
  const files = await readdir(tokens);
  expect(files).toHaveLength(1);
  expect(await readFile(join(tokens, files[0] ?? ''), 'utf8')).not.toContain(secret);
  const list = await ctlJson(home, ['token', 'list']);
  expect(list).toEqual({
    tokens: [
      {
        tokenId: token.slice(4, 20),
        role: 'viewer',
        tenant: null,
        name: null,
        createdAt: expect.stringMatching(/Z$/),
        expiresAt: expect.stringMatching(/Z$/),
      },
    ],
  });
  const { stdout } = await runCtl(home, ['token', 'list']);
  expect(stdout).toContain(token.slice(4, 20));
  expect(stdout).not.toContain(secret);
});

it('says what is wrong with a role, a tenant, a span and an id', async () => {
  const wrong: [args: string[], code: number, says: string][] = [
    [['create'], 2, '--role'],
    [['create', '--role', 'root'], 2, 'admin'],
    [['create', '--role', 'viewer', '--expires-in', 'soon'], 2, 'days'],
    [['create', '--role', 'viewer', '--tenant', 'a/b'], 2, 'tenant'],
    [['revoke', '--token-id', '0123456789abcdef'], 1, 'NOT_FOUND'],
    [['revoke', '--token-id', '../../../x'], 1, 'NOT_FOUND'],
  ];
  for (const [args, code, says] of wrong) {
    const run = await runCtl(home, ['token', ...args, '--json']);
    expect(run.code, args.join(' ')).toBe(code);
    expect(run.stdout + run.stderr, args.join(' ')).toContain(says);
  }
});
