import { resolve } from 'node:path';
import { type Repository, SendenseError, systemServices } from '@sendense/core';
import { type LocalRepository, openLocalRepository } from '@sendense/repository-local';
import { unknownKind } from '../names/parse-name.ts';
import { findPlace, missingFlag } from './named-places.ts';
import type { Session } from './session.ts';

/** An open repository and how the user reaches it. */
export type OpenRepository = {
  readonly repository: Repository;
  /** Folder of a local repository. */
  readonly path: string;
  /** Inline form with an absolute path; never holds a credential. */
  readonly location: string;
};

/** The folder that a repository's name stands for. */
export function repositoryPath(session: Session, name: string): string {
  const { text, inline } = findPlace(session.config, 'repository', name);
  const known = inline === undefined || inline.kind === 'local';
  if (!known) throw unknownKind('repository', inline.kind, ['local']);
  const path = inline?.rest ?? text;
  if (path === '') throw missingFlag('repository');
  return resolve(session.host.workingDirectory, path);
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
  const repository = await openLocalRepository({ path }, systemServices({ log: session.log })).catch(
    (error: unknown) => {
      throw withInitRemedy(error, path);
    },
  );
  return keep(session, repository);
}

/** Closes the repository with the session, and tells what is noteworthy of it. */
export function keep(session: Session, repository: LocalRepository): OpenRepository {
  session.own(repository);
  for (const { severity, message, code } of repository.findings) {
    session.log({ level: severity === 'info' ? 'info' : 'warn', message, fields: { code } });
  }
  const { path } = repository;
  return { repository, path, location: `local:${path}` };
}
