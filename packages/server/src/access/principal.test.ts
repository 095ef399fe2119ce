import { expect, it } from 'vitest';
import { permits, ROLES } from './principal.ts';

it('lets each role do what the ones before it may', () => {
  const allowed = ROLES.map((role) =>
    ROLES.filter((wanted) => permits({ id: 'x', kind: 'token', role, tenant: null }, wanted)),
  );
  expect(allowed).toEqual([['viewer'], ['viewer', 'operator'], ['viewer', 'operator', 'admin']]);
});
