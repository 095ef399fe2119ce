import { expect, it } from 'vitest';
import { accessOptionsSchema } from './access-options.ts';

const OIDC = {
  issuer: 'https://login.example',
  audience: 'sendense',
  roleClaim: 'roles',
  roles: { ops: 'operator' },
};

function problemsOf(options: unknown): string[] {
  const { error } = accessOptionsSchema.safeParse(options);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

it('takes an issuer by https, and by http only on this machine', () => {
  for (const issuer of [
    'https://a.example',
    'https://a.example/realms/x',
    'http://127.0.0.1:9',
    'http://[::1]:9',
  ])
    expect(problemsOf({ oidc: { ...OIDC, issuer } }), issuer).toEqual([]);
  for (const issuer of [
    'http://a.example',
    'http://127.0.0.1.a.example',
    'ftp://a',
    'a.example',
    'https://u:p@a.example',
  ])
    expect(problemsOf({ oidc: { ...OIDC, issuer } }), issuer).toEqual([
      expect.stringContaining('oidc.issuer'),
    ]);
});

it('takes no algorithm by which others than the issuer can sign', () => {
  for (const algorithm of ['none', 'None', 'HS256', 'HS384', 'HS512', 'dir'])
    expect(problemsOf({ oidc: { ...OIDC, algorithms: ['RS256', algorithm] } })).toHaveLength(1);
  expect(accessOptionsSchema.parse({ oidc: OIDC }).oidc?.algorithms).toEqual([
    'RS256',
    'PS256',
    'ES256',
    'EdDSA',
  ]);
});

it('asks for the claim of the tenant where there are tenants', () => {
  const tenants = { acme: { repositories: ['a'] } };
  expect(problemsOf({ oidc: OIDC, tenants })).toEqual([expect.stringContaining('oidc.tenantClaim')]);
  expect(problemsOf({ oidc: { ...OIDC, tenantClaim: 'org' }, tenants })).toEqual([]);
  expect(problemsOf({ tenants })).toEqual([]);
});

it('asks for the machines of tenants that share a repository', () => {
  const acme = { repositories: ['shared'], machines: ['web'] };
  expect(problemsOf({ tenants: { acme, globex: { repositories: ['shared', 'own'] } } })).toEqual([
    expect.stringContaining('tenants.globex.machines'),
  ]);
  expect(problemsOf({ tenants: { acme, globex: { repositories: ['own'] } } })).toEqual([]);
});

it('refuses fields that it does not know, and names that are none', () => {
  expect(problemsOf({ oicd: OIDC })).toHaveLength(1);
  expect(problemsOf({ oidc: { ...OIDC, clientSecret: 'x' } })).toHaveLength(1);
  for (const name of ['', '-a', 'a/b', 'a b', 'a'.repeat(65)])
    expect(problemsOf({ tenants: { [name]: {} } }), name).not.toEqual([]);
});
