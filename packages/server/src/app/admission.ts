import { SendenseError } from '@sendense/core';
import type { FastifyRequest } from 'fastify';
import type { Access } from '../access/access.ts';
import type { FailedLogins } from '../access/failed-logins.ts';
import { type Principal, permits } from '../access/principal.ts';
import { rateLimited } from '../access/rate-limits.ts';
import { type Tenant, type TenantScope, tenantScope } from '../access/tenant-scope.ts';
import type { AuditSubject } from '../audit/audit-log.ts';
import type { Route } from '../routes/route.ts';

/** A caller who is known, and may call the operation. */
export type Admission = { readonly principal: Principal; readonly scope: TenantScope };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The operation; absent on what the API does not describe: the documents, and methods that are refused. */
    route?: Route;
  }
  interface FastifyRequest {
    /** `null` until the caller is known. */
    principal: Principal | null;
    /** `null` until the caller was let in. */
    admission: Admission | null;
    /** Judges the caller by the same credentials anew. Rejects as at first. */
    admitAgain: () => Promise<Admission>;
    /** The job that the request started. */
    job: string | null;
    /** What the request is about, for the audit log; `null` until its handler has said it. */
    subject: AuditSubject | null;
    /** When it came, on the monotonic clock. */
    startedMs: number;
  }
}

/** How callers are told apart. */
export type Gate = {
  readonly access: Access;
  readonly tenants: ReadonlyMap<string, Tenant>;
  readonly failedLogins: FailedLogins;
};

/** Who calls an operation that asks for no credentials; sees nothing. */
const NOBODY: Principal = { id: 'nobody', kind: 'local', role: 'viewer', tenant: '' };

/** Who calls. Rejects as `Access.authenticate` does, and with `RATE_LIMITED` after too many refused credentials. */
export async function identify(request: FastifyRequest, route: Route, gate: Gate): Promise<Principal> {
  if (route.role === 'public') return NOBODY;
  try {
    return await gate.access.authenticate(request.headers.authorization);
  } catch (error) {
    if (!SendenseError.is(error, 'AUTHENTICATION_FAILED')) throw error;
    const waitMs = gate.failedLogins.fail(request.ip);
    throw waitMs === undefined ? error : rateLimited('too many refused credentials', waitMs);
  }
}

/** Lets `principal` call `route`. Throws `PERMISSION_DENIED` for one whose role does not do, or who is of one tenant only. */
export function admit(principal: Principal, route: Route, { tenants }: Gate): Admission {
  if (route.role !== 'public' && !permits(principal, route.role)) throw roleMissing(route.role);
  if (route.allTenants === true && principal.tenant !== null) throw tenantMissing();
  return { principal, scope: tenantScope(principal, tenants) };
}

function roleMissing(role: string): SendenseError {
  return new SendenseError('PERMISSION_DENIED', `the operation needs the role ${role}`, {
    operation: 'admit-caller',
    remedy: 'use credentials that have it',
  });
}

function tenantMissing(): SendenseError {
  return new SendenseError('PERMISSION_DENIED', 'the operation is for callers of all tenants', {
    operation: 'admit-caller',
    remedy: 'use credentials that are of no single tenant',
  });
}
