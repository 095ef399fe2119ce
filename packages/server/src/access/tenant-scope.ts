import type { Principal } from './principal.ts';

/** What requests name by the names of the configuration. */
export type ScopedKind = 'repository' | 'source' | 'target';

/** What a tenant may name: names of the configuration. */
export type Tenant = {
  readonly repositories: readonly string[];
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  /** Names of machines whose points and jobs it sees; absent: all in its repositories. */
  readonly machines?: readonly string[] | undefined;
};

/** What one caller may name. What is outside answers `NOT_FOUND`, so that its existence is not told. */
export interface TenantScope {
  sees(kind: ScopedKind, name: string): boolean;
  /** Counts beside `sees` of the machine's repository, never instead of it. */
  seesMachine(name: string): boolean;
}

/** The scope of a caller of all tenants. */
const EVERYTHING: TenantScope = { sees: () => true, seesMachine: () => true };

/** What `principal` may name. A tenant that is not configured sees nothing. */
export function tenantScope(principal: Principal, tenants: ReadonlyMap<string, Tenant>): TenantScope {
  if (principal.tenant === null) return EVERYTHING;
  const tenant = tenants.get(principal.tenant);
  const names: Readonly<Record<ScopedKind, ReadonlySet<string>>> = {
    repository: new Set(tenant?.repositories),
    source: new Set(tenant?.sources),
    target: new Set(tenant?.targets),
  };
  const machines = tenant?.machines === undefined ? undefined : new Set(tenant.machines);
  return {
    sees: (kind, name) => names[kind].has(name),
    seesMachine: (name) => tenant !== undefined && (machines === undefined || machines.has(name)),
  };
}
