import { join } from 'node:path';
import { type Call, type PluginServices, type Repository, SendenseError } from '@sendense/core';
import { type Environment, processEnvironment } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { createLocalRepository, openLocalRepository } from '@sendense/repository-local';
import { openStore } from './open-store.ts';
import { type AskPassphrase, passphraseOfEnvironment } from './passphrase.ts';
import {
  parseRepositoryPlace,
  type RepositoryPlace,
  repositoryFolder,
  repositoryLocation,
  type StorePlace,
} from './repository-place.ts';

/** How a repository's name is understood. */
export type ResolveRepositoryOptions = {
  /** Relative paths start here; default the working directory of the process. */
  readonly workingDirectory?: string;
  /** Make the repository when there is none at the place. Default `false`. */
  readonly create?: boolean;
  /** Where the passphrase of an object repository comes from. Default: `SENDENSE_PASSPHRASE`. */
  readonly passphrase?: AskPassphrase;
  /** Variables with credentials of stores. Default: those of the process. */
  readonly environment?: Environment;
  /**
   * How long points must live, in milliseconds: what they need is locked, in a store with object lock. Of a new repository for every
   * later writer, else for points that are made by this handle. Default: what the repository says.
   */
  readonly retainMs?: number;
  /**
   * A folder of this client in which it remembers what it saw of object repositories, so that a store that was put back to an earlier
   * state is refused (`CORRUPT`). Default: nothing is remembered.
   */
  readonly trustedHeadFolder?: string;
};

/** What only a new object repository can be told; see `@sendense/object-repository`. */
export type NewRepositoryOptions = Omit<ResolveRepositoryOptions, 'create'> & {
  readonly chunkBytes?: number;
  readonly graceMs?: number;
};

/** An open repository. */
export type ResolvedRepository = {
  readonly repository: Repository;
  /** The name with absolute paths, e.g. `local:/backups`; holds no credential. */
  readonly location: string;
  /** The folder of this machine that it lies in; nothing else may be written there. */
  readonly folder: string | null;
  /** It was not there and was made now. */
  readonly created: boolean;
};

/** What a repository takes from its host. */
export type RepositoryServices = Partial<
  Pick<PluginServices, 'clock' | 'random' | 'log' | 'drivers' | 'temporaryDirectory'>
>;

/**
 * Opens the repository that a name stands for: `PATH` or `local:PATH`, a folder of QCOW2 chains; `dir:PATH`, `s3://BUCKET/PREFIX`
 * or `azure://ACCOUNT/CONTAINER/PREFIX`, an object repository. The caller disposes it. Rejects with `NOT_FOUND` where there is
 * none, `KEY_UNAVAILABLE` for a wrong passphrase, and what its store rejects with.
 */
export async function resolveRepository(
  name: string,
  options: ResolveRepositoryOptions = {},
  services: RepositoryServices = {},
  call: Call = {},
): Promise<ResolvedRepository> {
  const place = placeOf(name, options);
  try {
    return await openAt(place, options, services, call);
  } catch (error) {
    if (options.create !== true || !SendenseError.is(error, 'NOT_FOUND')) throw await otherKind(place, error);
  }
  return createRepository(name, options, services, call);
}

/**
 * Makes the repository that a name stands for and opens it. Rejects with `ALREADY_EXISTS` where there is one, `UNSUPPORTED` for a
 * store that replaces objects it must only create. The caller disposes it.
 */
export async function createRepository(
  name: string,
  options: NewRepositoryOptions = {},
  services: RepositoryServices = {},
  call: Call = {},
): Promise<ResolvedRepository> {
  const place = placeOf(name, options);
  const { chunkBytes, graceMs, retainMs } = options;
  if (place.kind === 'local') {
    if ((chunkBytes ?? graceMs) !== undefined) throw notOfChains('chunkBytes and graceMs belong');
    if (retainMs !== undefined) throw notOfChains('locks that nobody can undo belong');
    const repository = await createLocalRepository({ path: place.path }, services);
    return resolved({ ...place, path: repository.path }, repository, true);
  }
  const access = await accessTo(place, 'create', options, services);
  const { createObjectRepository } = await objects();
  const given = { ...(chunkBytes && { chunkBytes }), ...(graceMs && { graceMs }), ...lockOf(options) };
  return resolved(place, await createObjectRepository({ ...access, ...given }, services, call), true);
}

function placeOf(name: string, { workingDirectory = process.cwd() }: ResolveRepositoryOptions) {
  return parseRepositoryPlace(name, workingDirectory);
}

function resolved(place: RepositoryPlace, repository: Repository, created: boolean): ResolvedRepository {
  return { repository, location: repositoryLocation(place), folder: repositoryFolder(place), created };
}

async function openAt(
  place: RepositoryPlace,
  options: ResolveRepositoryOptions,
  services: RepositoryServices,
  call: Call,
): Promise<ResolvedRepository> {
  if (place.kind === 'local') {
    if (options.retainMs !== undefined) throw notOfChains('locks that nobody can undo belong');
    const repository = await openLocalRepository({ path: place.path }, services);
    // its real path
    return resolved({ ...place, path: repository.path }, repository, false);
  }
  const access = await accessTo(place, 'open', options, services);
  const { openObjectRepository } = await objects();
  return resolved(
    place,
    await openObjectRepository({ ...access, ...lockOf(options) }, services, call),
    false,
  );
}

function lockOf({ retainMs }: ResolveRepositoryOptions) {
  return retainMs === undefined ? {} : { retainMs };
}

/** The passphrase first: a store that is open would have to be closed when nobody knows it. */
async function accessTo(
  place: StorePlace,
  use: 'open' | 'create',
  options: ResolveRepositoryOptions,
  services: RepositoryServices,
) {
  const { environment = processEnvironment() } = options;
  const ask = options.passphrase ?? passphraseOfEnvironment(environment);
  const passphrase = await ask({ location: repositoryLocation(place), use });
  const head = await headOf(options);
  return { store: await openStore(place, environment, services), key: { passphrase }, ...head };
}

async function headOf({ trustedHeadFolder: path }: ResolveRepositoryOptions) {
  return path === undefined ? {} : { trustedHead: (await objects()).createTrustedHeadFolder({ path }) };
}

/** Loaded when an object repository is named. */
function objects() {
  return import('@sendense/object-repository');
}

/** A folder that holds the other kind of repository gets a remedy that says so. */
async function otherKind(place: RepositoryPlace, error: unknown): Promise<unknown> {
  if (place.kind !== 'local' || !SendenseError.is(error, 'NOT_FOUND')) return error;
  const mark = join(place.path, 'sendense-object-repository');
  const status = await nodeFileSystem.stat(mark).catch(() => undefined);
  if (status === undefined) return error;
  return new SendenseError('NOT_FOUND', `${place.path} is a repository of objects, not of QCOW2 chains`, {
    operation: error.operation,
    context: error.context,
    remedy: `name it dir:${place.path}`,
    cause: error,
  });
}

function notOfChains(what: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `${what} to object repositories`, {
    operation: 'create-repository',
    remedy: 'leave them out, or name dir:PATH, s3://… or azure://…',
  });
}
