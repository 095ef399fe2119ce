import { SendenseError } from '@sendense/core';
import { type OidcOptions, tenantNameSchema } from '../access-options.ts';
import { type Principal, ROLES, type Role } from '../principal.ts';

/** The most characters of a subject: OpenID Connect Core allows 255. */
const MAX_SUBJECT = 255;

/** What a token says of its bearer, after its signature was checked. */
export type Claims = { readonly [claim: string]: unknown };

/** The caller that `claims` describe. Rejects with `AUTHENTICATION_FAILED` where role or tenant are not known. */
export function principalOfClaims(claims: Claims, options: OidcOptions): Principal {
  const { sub } = claims;
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT)
    throw refused('the token names no subject');
  return {
    id: `oidc:${sub}`,
    kind: 'oidc',
    role: roleOf(claims, options),
    tenant: tenantOf(claims, options),
  };
}

function roleOf(claims: Claims, { roleClaim, roles }: OidcOptions): Role {
  const given = new Set(textsOf(claims, roleClaim).map((value) => lookUp(roles, value)));
  const role = ROLES.findLast((each) => given.has(each));
  if (role === undefined) throw refused('the token gives no role on this server');
  return role;
}

function tenantOf(claims: Claims, { tenantClaim, tenants }: OidcOptions): string | null {
  if (tenantClaim === undefined) return null;
  const values = textsOf(claims, tenantClaim);
  const known = values.map((value) =>
    tenants === undefined ? tenantNameSchema.safeParse(value).data : lookUp(tenants, value),
  );
  const [tenant, ...others] = new Set(known.filter((each) => each !== undefined));
  // A caller of several tenants would have to be asked which one is meant.
  if (tenant === undefined || others.length > 0)
    throw refused('the token does not name one tenant of this server');
  return tenant;
}

/** The texts at `path`; a single text counts as a list of one. */
function textsOf(claims: Claims, path: string | readonly string[]): readonly string[] {
  let value: unknown = claims;
  for (const step of typeof path === 'string' ? [path] : path)
    value = typeof value === 'object' && value !== null ? lookUp(value as Claims, step) : undefined;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((each) => typeof each === 'string');
}

/** Only what the object itself has: claims are named by others, `constructor` too. */
function lookUp<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function refused(message: string): SendenseError {
  return new SendenseError('AUTHENTICATION_FAILED', message, {
    operation: 'authenticate',
    remedy: 'have the issuer put the claims into the token that the configuration of the server names',
  });
}
