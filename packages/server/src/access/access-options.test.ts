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

it('refuses tenants of one repository that name the same machine', () => {
  const key = '0f8fad5b-d9cb-469f-a165-70867728950e';
  const acme = { repositories: ['shared'], sources: ['web'], machines: [key] };
  const beside = (globex: object) => problemsOf({ tenants: { acme, globex } });
  expect(beside({ repositories: ['shared', 'own'], sources: ['web'] })).toEqual([
    expect.stringMatching(/^tenants\.globex\.sources: .*acme/),
  ]);
  expect(beside({ repositories: ['shared'], machines: [key] })).toEqual([
    expect.stringMatching(/^tenants\.globex\.machines: .*acme/),
  ]);
  expect(beside({ repositories: ['shared'], sources: ['db'] })).toEqual([]);
  expect(beside({ repositories: ['own'], sources: ['web'], machines: [key] })).toEqual([]);
});

it('takes machines by their keys, not by names that others may bear', () => {
  for (const machine of ['web', '', '0F8FAD5B-D9CB-469F-A165-70867728950E'])
    expect(problemsOf({ tenants: { acme: { machines: [machine] } } }), machine).toEqual([
      expect.stringContaining('tenants.acme.machines.0'),
    ]);
});

it('refuses fields that it does not know, and names that are none', () => {
  expect(problemsOf({ oicd: OIDC })).toHaveLength(1);
  expect(problemsOf({ oidc: { ...OIDC, clientSecret: 'x' } })).toHaveLength(1);
  for (const name of ['', '-a', 'a/b', 'a b', 'a'.repeat(65)])
    expect(problemsOf({ tenants: { [name]: {} } }), name).not.toEqual([]);
});
