import type { Plugin } from '@sendense/core';
import { type LocalRepositoryOptions, localRepositoryOptionsSchema } from './options.ts';
import { openLocalRepository } from './repository-local.ts';

/** The local repository as a plugin; opens an existing one. */
export const plugin: Plugin<'repository', LocalRepositoryOptions> = {
  kind: 'repository',
  name: 'local',
  specificationVersion: 'v1',
  options: localRepositoryOptionsSchema,
  create: (options, { clock, random, log, drivers }) =>
    openLocalRepository(options, { clock, random, log, drivers }),
};
