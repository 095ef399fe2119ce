import type { Catalog } from '@sendense/catalog';
import type { Finding, MachineKey, PluginServices } from '@sendense/core';
import type { LocalRepository } from '@sendense/repository-local';
import { type ResolvedRepository, resolveRepository } from './names/resolve-repository.ts';

/** What the verbs open and share; dispose closes it. */
export type OpenPlaces = AsyncDisposable & {
  /** The repository of a name, opened once. Only the first call for a new one has `created`. */
  repository(name: string, create?: boolean): Promise<ResolvedRepository>;
  /** Notes a repository and the points of a machine in the catalog; what fails is a finding: the points are safe. */
  note(place: ResolvedRepository, machine?: MachineKey): Promise<readonly Finding[]>;
};

/** Keeps repositories open for the life of a Sendense. */
export function createOpenPlaces(
  catalog: Catalog,
  services: PluginServices,
  workingDirectory: string,
): OpenPlaces {
  const open = new Map<string, Promise<ResolvedRepository>>();
  return {
    async repository(name, create = false) {
      const known = open.get(name);
      if (known !== undefined) return { ...(await known), created: false };
      const opening = resolveRepository(name, { workingDirectory, create }, services);
      open.set(name, opening);
      opening.catch(() => open.delete(name));
      return opening;
    },
    async note({ repository, location }, machine) {
      try {
        await catalog.repositories.register(repository, { location, config: { path: repository.path } });
        if (machine !== undefined) await catalog.points.sync(repository, machine);
        await catalog.repositories.recordUsage(repository.id, await repository.usage());
        return [];
      } catch (error) {
        const message = `the catalog does not show the change yet: ${String(error)}`;
        return [{ severity: 'warning', code: 'catalog-behind', message }];
      }
    },
    async [Symbol.asyncDispose]() {
      const repositories = new Set<LocalRepository>();
      for (const opening of open.values()) repositories.add((await opening).repository);
      for (const repository of repositories) await repository[Symbol.asyncDispose]();
    },
  };
}
