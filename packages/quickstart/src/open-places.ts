import type { Catalog } from '@sendense/catalog';
import type { Finding, MachineKey, PluginServices, Repository } from '@sendense/core';
import {
  type ResolvedRepository,
  type ResolveRepositoryOptions,
  resolveRepository,
} from './names/resolve-repository.ts';

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
  {
    workingDirectory,
    ...given
  }: Pick<ResolveRepositoryOptions, 'passphrase' | 'trustedHeadFolder'> & {
    readonly workingDirectory: string;
  },
): OpenPlaces {
  const open = new Map<string, Promise<ResolvedRepository>>();
  return {
    async repository(name, create = false) {
      const known = open.get(name);
      if (known !== undefined) return { ...(await known), created: false };
      const options = { workingDirectory, create, ...given };
      const opening = resolveRepository(name, options, services);
      open.set(name, opening);
      opening.catch(() => open.delete(name));
      return opening;
    },
    async note({ repository, location, folder }, machine) {
      try {
        const config = folder === null ? {} : { path: folder };
        await catalog.repositories.register(repository, { location, config });
        if (machine !== undefined) await catalog.points.sync(repository, machine);
        await catalog.repositories.recordUsage(repository.id, await repository.usage());
        return [];
      } catch (error) {
        const message = `the catalog does not show the change yet: ${String(error)}`;
        return [{ severity: 'warning', code: 'catalog-behind', message }];
      }
    },
    async [Symbol.asyncDispose]() {
      const repositories = new Set<Repository>();
      for (const opening of open.values()) repositories.add((await opening).repository);
      for (const repository of repositories) await repository[Symbol.asyncDispose]();
    },
  };
}
