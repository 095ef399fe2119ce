import { expect, it } from 'vitest';
import { accessOptionsSchema, type OidcOptions } from '../access-options.ts';
import { principalOfClaims } from './claims.ts';

function optionsWith(changes: object): OidcOptions {
  const oidc = {
    issuer: 'https://login.example',
    audience: 'sendense',
    roleClaim: 'roles',
    roles: { read: 'viewer', run: 'operator', own: 'admin' },
    ...changes,
  };
  return accessOptionsSchema.parse({ oidc }).oidc as OidcOptions;
}

const REFUSED = expect.objectContaining({ code: 'AUTHENTICATION_FAILED' });

it('takes the most powerful of several roles', () => {
  const roleOf = (roles: unknown) => principalOfClaims({ sub: 'a', roles }, optionsWith({})).role;
  expect(roleOf('read')).toBe('viewer');
  expect(roleOf(['read', 'unknown', 'run'])).toBe('operator');
  expect(roleOf(['own', 'read'])).toBe('admin');
});

it('finds claims inside of others', () => {
  const options = optionsWith({ roleClaim: ['realm_access', 'roles'] });
  expect(principalOfClaims({ sub: 'a', realm_access: { roles: ['run'] } }, options).role).toBe('operator');
  for (const realm_access of [undefined, null, 'roles', ['run'], { role: ['run'] }])
    expect(() => principalOfClaims({ sub: 'a', realm_access }, options)).toThrow(REFUSED);
});

it('is of all tenants only where no claim is named, or a value of it says so', () => {
  const claims = { sub: 'a', roles: 'run', org: 'head-office' };
  expect(principalOfClaims(claims, optionsWith({})).tenant).toBeNull();
  expect(principalOfClaims(claims, optionsWith({ tenantClaim: 'org' })).tenant).toBe('head-office');
  for (const org of ['', 'a b', 'x'.repeat(65), '../acme', 'acme\n'])
    expect(() => principalOfClaims({ ...claims, org }, optionsWith({ tenantClaim: 'org' }))).toThrow(REFUSED);
  const mapped = optionsWith({ tenantClaim: 'org', tenants: { 'head-office': null, 'org-7': 'acme' } });
  expect(principalOfClaims(claims, mapped).tenant).toBeNull();
  expect(principalOfClaims({ ...claims, org: ['org-7', 'org-8'] }, mapped).tenant).toBe('acme');
  for (const org of ['acme', 'toString', ['head-office', 'org-7'], null])
    expect(() => principalOfClaims({ ...claims, org }, mapped)).toThrow(REFUSED);
});

it('asks for a subject of the length that the standard allows', () => {
  for (const sub of [undefined, '', 7, 'x'.repeat(256)])
    expect(() => principalOfClaims({ sub, roles: 'run' }, optionsWith({}))).toThrow(REFUSED);
  expect(principalOfClaims({ sub: 'x'.repeat(255), roles: 'run' }, optionsWith({})).id).toHaveLength(260);
});
