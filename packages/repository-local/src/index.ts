export type { LocalRepositoryOptions, LocalRepositoryServices } from './options.ts';
export { localRepositoryOptionsSchema } from './options.ts';
export { plugin } from './plugin.ts';
export { createLocalRepository, type LocalRepository, openLocalRepository } from './repository-local.ts';
