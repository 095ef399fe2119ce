import {
  type BlockIoDriver,
  type Call,
  type Repository,
  SendenseError,
  systemServices,
} from '@sendense/core';
import {
  parseRepositoryPlace,
  type RepositoryServices,
  type ResolvedRepository,
  resolveRepository,
} from '@sendense/quickstart';
import { findPlace, missingFlag } from '../names/find-place.ts';
import type { RepositoryOption, RetainOption } from '../program/shared-flags.ts';
import { askPassphrase, type PassphraseSources, refuseUselessPassphrase } from './passphrase.ts';
import type { Session } from './session.ts';
import { trustedHeadOf } from './trusted-head.ts';

/** An open repository and how the user reaches it. */
export type OpenRepository = {
  readonly repository: Repository;
  /** Its folder; of one in a service the name without settings. */
  readonly path: string;
  /** Folders that nothing else may write to. */
  readonly protect: readonly string[];
  /** Inline name with an absolute path; never holds a credential. */
  readonly location: string;
};

/** The inline name of the repository that a flag names. */
export function repositoryText(session: Session, name: string): string {
  return findPlace(session.config, 'repository', name).text;
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

/** Says the whole command where the library only names the verb; what else is missing (a bucket) is said as it is. */
function withInitRemedy(error: unknown, text: string): unknown {
  if (!SendenseError.is(error, 'NOT_FOUND') || error.remedy?.includes('"repository init"') !== true)
    return error;
  return new SendenseError('NOT_FOUND', error.message, {
    operation: error.operation,
    context: error.context,
    cause: error,
    remedy: `check the path, or make a repository there with "sendense-ctl repository init --repository ${text}"`,
  });
}

/** Opens the repository that the flags name (default: see `--repository`) for the length of the session. */
export async function openRepository(
  session: Session,
  { repository: name, passphraseFile: file, retain }: RepositoryOption & RetainOption,
  drivers: readonly BlockIoDriver[] = [],
): Promise<OpenRepository> {
  return openNamed(session, name ?? (await defaultRepository(session)), { file }, { drivers, retain });
}

/** The first of `drivers` moves bytes within the repository; `retain`: see `--retain`. */
type OpenOptions = {
  readonly drivers?: readonly BlockIoDriver[];
  readonly retain?: number | undefined;
  /** Default: that of the session. */
  readonly call?: Call | undefined;
};

/** Opens a repository by its name, with its passphrase from `sources`, for the length of the session. */
export async function openNamed(
  session: Session,
  name: string,
  sources: PassphraseSources,
  options: OpenOptions = {},
): Promise<OpenRepository> {
  return keepRepository(session, await resolveNamed(session, name, sources, options));
}

/** The same, for the caller to close. */
export async function resolveNamed(
  session: Session,
  name: string,
  sources: PassphraseSources,
  { drivers = [], retain, call = session.call }: OpenOptions = {},
): Promise<ResolvedRepository> {
  const text = repositoryText(session, name);
  refuseUselessPassphrase(session, text, sources);
  const services = await repositoryServices(session, text, drivers);
  const options = {
    workingDirectory: session.host.workingDirectory,
    environment: session.host.env,
    passphrase: askPassphrase(session, sources),
    ...(retain === undefined ? {} : { retainMs: retain }),
    ...trustedHeadOf(session, text),
  };
  return resolveRepository(text, options, services, call).catch((error: unknown) => {
    throw withInitRemedy(error, text);
  });
}

/** Chunks are made and read in the repository itself: it needs all services, and the drivers always. */
export async function repositoryServices(
  session: Session,
  text: string,
  drivers: readonly BlockIoDriver[] = [],
): Promise<RepositoryServices> {
  const isLocal = parseRepositoryPlace(text, session.host.workingDirectory).kind === 'local';
  return isLocal ? systemServices({ log: session.log, drivers }) : session.services();
}

/** Closes the repository with the session; what is noteworthy of it, it logs itself. */
export function keepRepository(
  session: Session,
  { repository, folder, location }: ResolvedRepository,
): OpenRepository {
  session.own(repository);
  const path = folder ?? location.replace(/\?.*$/, '');
  return { repository, path, protect: folder === null ? [] : [folder], location };
}
