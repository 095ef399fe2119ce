import type { Principal } from './principal.ts';

/** What requests name by the names of the configuration. */
export type ScopedKind = 'repository' | 'source' | 'target';

/** What a tenant may name: names of the configuration. */
export type Tenant = {
  readonly repositories: readonly string[];
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  /**
   * Keys of machines whose points it sees beside those of its sources. Absent: all machines of the repositories that it has to itself, in
   * shared ones those of its sources.
   */
  readonly machines?: readonly string[] | undefined;
};

/**
 * The machines whose points a caller sees in a repository: all, or those that `sources` of the configuration name and those with `keys`.
 * Never by their display names: machines of two hypervisors may bear the same.
 */
export type MachinesInSight =
  | 'all'
  | { readonly sources: readonly string[]; readonly keys: ReadonlySet<string> };

/** What one caller may name. What is outside answers `NOT_FOUND`, so that its existence is not told. */
export interface TenantScope {
  sees(kind: ScopedKind, name: string): boolean;
  /** Counts beside `sees` of the repository, never instead of it. */
  machinesIn(repository: string): MachinesInSight;
}

/** The scope of a caller of all tenants. */
const EVERYTHING: TenantScope = { sees: () => true, machinesIn: () => 'all' };

/** What `principal` may name. A tenant that is not configured sees nothing. */
export function tenantScope(
  { tenant: name }: Pick<Principal, 'tenant'>,
  tenants: ReadonlyMap<string, Tenant>,
): TenantScope {
  if (name === null) return EVERYTHING;
  const tenant = tenants.get(name);
  const names: Readonly<Record<ScopedKind, ReadonlySet<string>>> = {
    repository: new Set(tenant?.repositories),
    source: new Set(tenant?.sources),
    target: new Set(tenant?.targets),
  };
  const keys: ReadonlySet<string> = new Set(tenant?.machines);
  const own = { sources: tenant?.sources ?? [], keys };
  const isShared = (repository: string): boolean =>
    [...tenants].some(([other, { repositories }]) => other !== name && repositories.includes(repository));
  return {
    sees: (kind, wanted) => names[kind].has(wanted),
    machinesIn: (repository) =>
      tenant !== undefined && tenant.machines === undefined && !isShared(repository) ? 'all' : own,
  };
}
