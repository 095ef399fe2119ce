import { resolve } from 'node:path';
import { SendenseError, systemServices } from '@sendense/core';
import { parsePlaceName, resolveRepository } from '@sendense/quickstart';
import type { LocalRepository } from '@sendense/repository-local';
import { findPlace, missingFlag } from '../names/find-place.ts';
import type { Session } from './session.ts';

/** An open repository and how the user reaches it. */
export type OpenRepository = {
  readonly repository: LocalRepository;
  /** Its folder. */
  readonly path: string;
  /** Inline name with an absolute path; never holds a credential. */
  readonly location: string;
};

/** The folder that a repository's name stands for, whether it is there or not. */
export function repositoryPath(session: Session, name: string): string {
  const { text } = findPlace(session.config, 'repository', name);
  return resolve(session.host.workingDirectory, parsePlaceName('repository', text).rest);
}

/** The repository to take when none was named: the configured one, else the only one this installation has met. */
async function defaultRepository(session: Session): Promise<string> {
  const configured = session.config.defaults.repository;
  if (configured !== undefined) return configured;
  const known = (await (await session.catalog()).repositories.list()).filter(
    ({ location }) => location !== '',
  );
  const [only] = known;
  if (only !== undefined && known.length === 1) return only.location;
  throw missingFlag('repository');
}

function withInitRemedy(error: unknown, path: string): unknown {
  if (!SendenseError.is(error, 'NOT_FOUND')) return error;
  return new SendenseError('NOT_FOUND', error.message, {
    operation: error.operation,
    context: error.context,
    cause: error,
    remedy: `check the path, or make a repository there with "sendense-ctl repository init --repository ${path}"`,
  });
}

/** Opens the repository that `name` stands for (default: see `--repository`) for the length of the session. */
export async function openRepository(session: Session, name: string | undefined): Promise<OpenRepository> {
  const path = repositoryPath(session, name ?? (await defaultRepository(session)));
  const services = systemServices({ log: session.log });
  const { repository } = await resolveRepository(`local:${path}`, {}, services).catch((error: unknown) => {
    throw withInitRemedy(error, path);
  });
  return keepRepository(session, repository);
}

/** Closes the repository with the session; what is noteworthy of it, it logs itself. */
export function keepRepository(session: Session, repository: LocalRepository): OpenRepository {
  session.own(repository);
  const { path } = repository;
  return { repository, path, location: `local:${path}` };
}
