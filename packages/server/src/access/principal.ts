/** What callers may do, from the least: each role includes the ones before it. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;

/** `viewer` reads; `operator` also starts backups and restores; `admin` also removes. */
export type Role = (typeof ROLES)[number];

/** Who calls. */
export interface Principal {
  /** `token:ID`, `oidc:SUBJECT` or `local`: names the caller in the audit log and to the rate limit. No secret. */
  readonly id: string;
  /** What proved it; `local`: nothing, on a server that only this machine reaches. */
  readonly kind: 'token' | 'oidc' | 'local';
  readonly role: Role;
  /** The tenant whose things the caller may name; `null`: those of all tenants. */
  readonly tenant: string | null;
}

/** Whoever calls a server of this machine that asks for no credentials. */
export const LOCAL_PRINCIPAL: Principal = { id: 'local', kind: 'local', role: 'admin', tenant: null };

/** Whether `principal` has `role`, or one that includes it. */
export function permits(principal: Principal, role: Role): boolean {
  return ROLES.indexOf(principal.role) >= ROLES.indexOf(role);
}
