import { expect, it } from 'vitest';
import type { Principal } from './principal.ts';
import { tenantScope } from './tenant-scope.ts';

const TENANTS = new Map([
  ['acme', { repositories: ['main', 'own'], sources: ['web'], targets: ['dr'], machines: ['key-1'] }],
  ['globex', { repositories: ['vault', 'main'], sources: ['db'], targets: [] }],
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

it('shows all machines of repositories that a tenant has to itself, unless its machines are named', () => {
  expect(scopeOf('globex').machinesIn('vault')).toBe('all');
  expect(scopeOf('acme').machinesIn('own')).toEqual({ sources: ['web'], keys: new Set(['key-1']) });
});

it('shows the machines of its own sources, and those named by key, in a repository that others have too', () => {
  expect(scopeOf('acme').machinesIn('main')).toEqual({ sources: ['web'], keys: new Set(['key-1']) });
  expect(scopeOf('globex').machinesIn('main')).toEqual({ sources: ['db'], keys: new Set() });
});

it('shows nothing to a tenant that is not configured', () => {
  for (const tenant of ['initech', 'constructor', '__proto__', '']) {
    const scope = scopeOf(tenant);
    expect(scope.sees('repository', 'main'), tenant).toBe(false);
    expect(scope.sees('repository', 'constructor'), tenant).toBe(false);
    expect(scope.machinesIn('main'), tenant).toEqual({ sources: [], keys: new Set() });
  }
});

it('shows everything to callers of all tenants', () => {
  const scope = scopeOf(null);
  expect(scope.sees('repository', 'vault') && scope.sees('target', 'dr')).toBe(true);
  expect(scope.machinesIn('main')).toBe('all');
});
