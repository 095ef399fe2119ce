import { resolve } from 'node:path';
import { type PluginServices, SendenseError } from '@sendense/core';
import { createLocalRepository, type LocalRepository, openLocalRepository } from '@sendense/repository-local';
import { placeOf } from './place-name.ts';

/** How a repository's name is understood. */
export type ResolveRepositoryOptions = {
  /** Relative paths start here; default the working directory of the process. */
  readonly workingDirectory?: string;
  /** Make the repository when there is none in the folder, or no folder. Default `false`. */
  readonly create?: boolean;
};

/** An open repository. */
export type ResolvedRepository = {
  readonly repository: LocalRepository;
  /** The name with an absolute path, e.g. `local:/backups`. */
  readonly location: string;
  /** It was not there and was made now. */
  readonly created: boolean;
};

/** Opens the repository that a name stands for: `PATH` or `local:PATH`. The caller disposes it. */
export async function resolveRepository(
  name: string,
  options: ResolveRepositoryOptions = {},
  services: Partial<Pick<PluginServices, 'clock' | 'random' | 'log'>> = {},
): Promise<ResolvedRepository> {
  const base = options.workingDirectory ?? process.cwd();
  const path = resolve(base, placeOf('repository', name, [null, 'local']));
  try {
    const repository = await openLocalRepository({ path }, services);
    return { repository, location: `local:${repository.path}`, created: false };
  } catch (error) {
    if (options.create !== true || !SendenseError.is(error, 'NOT_FOUND')) throw error;
  }
  const repository = await createLocalRepository({ path }, services);
  return { repository, location: `local:${repository.path}`, created: true };
}
