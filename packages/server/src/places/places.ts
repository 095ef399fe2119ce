import {
  type Call,
  type MachineKey,
  type RecoveryPoint,
  type Repository,
  SendenseError,
  type TargetConnector,
} from '@sendense/core';
import type { ScopedKind, TenantScope } from '../access/tenant-scope.ts';
import type { NamedMachine, NamedPlaces, ServerServices } from '../services.ts';
import { RepositoryPool } from './repository-pool.ts';
import { SourceKeys } from './source-keys.ts';

/** A point, and the repository that holds it. */
export type FoundPoint = {
  readonly repositoryName: string;
  readonly repository: Repository;
  readonly point: RecoveryPoint;
};

/** What the server's host has, as far as a caller may name it. What a caller may not name is `NOT_FOUND`. */
export class Places implements AsyncDisposable {
  readonly #services: ServerServices;
  readonly #repositories: RepositoryPool;
  readonly #keys: SourceKeys;

  constructor(services: ServerServices) {
    this.#services = services;
    this.#repositories = new RepositoryPool(services.repositories);
    this.#keys = new SourceKeys(services);
  }

  /** Names of the repositories that the caller sees; only `wanted` when it is given. */
  repositoryNames(scope: TenantScope, wanted?: string): readonly string[] {
    if (wanted !== undefined) this.#refuseUnseen(scope, 'repository', wanted);
    const names = wanted === undefined ? this.#services.repositories.names : [wanted];
    return names.filter((name) => scope.sees('repository', name));
  }

  /** The repository with this name. It is shared and stays open: the caller does not close it. */
  async repository(scope: TenantScope, name: string): Promise<Repository> {
    this.#refuseUnseen(scope, 'repository', name);
    return this.#repositories.get(name);
  }

  /** Opens the machine with this name; the caller closes it. */
  async machine(scope: TenantScope, name: string, call?: Call): Promise<NamedMachine> {
    this.checkMachine(scope, name);
    const machine = await this.#services.sources.open(name, call);
    this.#keys.note(name, machine.machineKey);
    return machine;
  }

  /** Opens the target with this name; the caller closes it. */
  async target(scope: TenantScope, name: string, call?: Call): Promise<TargetConnector> {
    this.checkTarget(scope, name);
    return this.#table('target').open(name, call) as Promise<TargetConnector>;
  }

  /** Throws `NOT_FOUND` where the caller may not name this machine. */
  checkMachine(scope: TenantScope, name: string): void {
    this.#refuseUnseen(scope, 'source', name);
  }

  /** Throws `NOT_FOUND` where the caller may not name this repository. */
  checkRepository(scope: TenantScope, name: string): void {
    this.#refuseUnseen(scope, 'repository', name);
  }

  /** Throws `NOT_FOUND` where the caller may not name this target. */
  checkTarget(scope: TenantScope, name: string): void {
    this.#refuseUnseen(scope, 'target', name);
  }

  /** The points of a repository that the caller sees, oldest first. */
  async points(scope: TenantScope, repositoryName: string, call?: Call): Promise<FoundPoint[]> {
    const repository = await this.repository(scope, repositoryName);
    const isSeen = await this.#machinesIn(scope, repositoryName);
    const found: FoundPoint[] = [];
    for await (const point of repository.points(undefined, call))
      if (isSeen(point.machine)) found.push({ repositoryName, repository, point });
    return found;
  }

  /** Whether the caller sees the points of this machine in this repository. */
  async seesMachine(scope: TenantScope, repositoryName: string, machine: MachineKey): Promise<boolean> {
    if (!scope.sees('repository', repositoryName)) return false;
    return (await this.#machinesIn(scope, repositoryName))(machine);
  }

  /**
   * The point with this id, in the repository `wanted` or any that the caller sees. Throws `NOT_FOUND`; `CONFLICT` where several
   * repositories hold it, because it was copied, and none was named.
   */
  async point(scope: TenantScope, id: string, wanted: string | undefined, call?: Call): Promise<FoundPoint> {
    const found: FoundPoint[] = [];
    for (const name of this.repositoryNames(scope, wanted))
      found.push(...(await this.points(scope, name, call)).filter(({ point }) => point.id === id));
    const [only] = found;
    if (only === undefined) throw unknownPoint(id);
    if (found.length > 1) throw severalHold(id, found);
    return only;
  }

  /** Tells the host that points of a machine were made or removed. */
  async pointsChanged(repository: Repository, machine: MachineKey): Promise<void> {
    await this.#services.pointsChanged?.(repository, machine);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#repositories[Symbol.asyncDispose]();
  }

  async #machinesIn(scope: TenantScope, repositoryName: string): Promise<(machine: MachineKey) => boolean> {
    const inSight = scope.machinesIn(repositoryName);
    if (inSight === 'all') return () => true;
    const keys = await this.#keys.of(inSight.sources);
    return (machine) => keys.has(machine) || inSight.keys.has(machine);
  }

  #table(kind: ScopedKind): NamedPlaces<unknown> {
    if (kind === 'repository') return this.#services.repositories;
    if (kind === 'source') return this.#services.sources;
    return this.#services.targets ?? NO_PLACES;
  }

  #refuseUnseen(scope: TenantScope, kind: ScopedKind, name: string): void {
    if (!this.#table(kind).names.includes(name) || !scope.sees(kind, name)) throw unseen(kind, name);
  }
}

const NO_PLACES: NamedPlaces<never> = {
  names: [],
  open: (name) => Promise.reject(unseen('target', name)),
};

const WORD: Readonly<Record<ScopedKind, string>> = {
  repository: 'repository',
  source: 'machine',
  target: 'target',
};

function unseen(kind: ScopedKind, name: string): SendenseError {
  return new SendenseError('NOT_FOUND', `there is no ${WORD[kind]} named ${JSON.stringify(name)}`, {
    operation: `find-${WORD[kind]}`,
    remedy: "use a name of the server's configuration",
  });
}

function unknownPoint(id: string): SendenseError {
  return new SendenseError('NOT_FOUND', `there is no backup ${JSON.stringify(id)}`, {
    operation: 'find-backup',
    remedy: 'list the backups with GET /api/v1/backup/list',
  });
}

function severalHold(id: string, found: readonly FoundPoint[]): SendenseError {
  const names = found.map(({ repositoryName }) => repositoryName);
  return new SendenseError('CONFLICT', `several repositories hold the backup ${id}: ${names.join(', ')}`, {
    operation: 'find-backup',
    remedy: 'name one of them by the query parameter "repository"',
  });
}
