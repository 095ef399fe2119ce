import { expect, it } from 'vitest';
import type { Principal } from './principal.ts';
import { tenantScope } from './tenant-scope.ts';

const TENANTS = new Map([
  ['acme', { repositories: ['main'], sources: ['web'], targets: ['dr'], machines: ['web', 'old-web'] }],
  ['globex', { repositories: ['vault'], sources: [], targets: [] }],
]);

function scopeOf(tenant: string | null) {
  const principal: Principal = { id: 'token:1', kind: 'token', role: 'admin', tenant };
  return tenantScope(principal, TENANTS);
}

it('shows a tenant what is listed for it, by kind', () => {
  const scope = scopeOf('acme');
  expect([scope.sees('repository', 'main'), scope.sees('source', 'web'), scope.sees('target', 'dr')]).toEqual(
    [true, true, true],
  );
  expect([
    scope.sees('repository', 'vault'),
    scope.sees('source', 'main'),
    scope.sees('target', 'web'),
  ]).toEqual([false, false, false]);
});

it('shows only the machines that are named, and all where none are', () => {
  expect(['web', 'old-web', 'db'].map((name) => scopeOf('acme').seesMachine(name))).toEqual([
    true,
    true,
    false,
  ]);
  expect(scopeOf('globex').seesMachine('db')).toBe(true);
});

it('shows nothing to a tenant that is not configured', () => {
  for (const tenant of ['initech', 'constructor', '__proto__', '']) {
    const scope = scopeOf(tenant);
    expect(scope.sees('repository', 'main'), tenant).toBe(false);
    expect(scope.sees('repository', 'constructor'), tenant).toBe(false);
    expect(scope.seesMachine('web'), tenant).toBe(false);
  }
});

it('shows everything to callers of all tenants', () => {
  const scope = scopeOf(null);
  expect(scope.sees('repository', 'vault') && scope.sees('target', 'dr') && scope.seesMachine('db')).toBe(
    true,
  );
});
