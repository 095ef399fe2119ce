import { join } from 'node:path';
import { type Finding, type Repository, SendenseError, systemServices } from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { capabilities } from './capabilities.ts';
import { type LocalMaintenance, openMaintenance } from './maintain/maintenance.ts';
import { recoverSessions } from './maintain/recover-sessions.ts';
import { type LocalRepositoryOptions, type LocalRepositoryServices, parseOptions } from './options.ts';
import { listPoints } from './read/list-points.ts';
import { measureUsage } from './read/measure-usage.ts';
import { openPoint } from './read/open-point.ts';
import { REPOSITORY_FILE, type RepositoryRecord, repositoryRecord } from './records/repository-record.ts';
import { serializeRecord } from './records/sealed-json.ts';
import { Session } from './session/session.ts';
import { createRepositoryFile } from './store/create-repository.ts';
import { LocalStore } from './store/local-store.ts';
import { verifyPoints } from './verify/verify-points.ts';
import { beginPoint } from './write/begin-point.ts';

/** A repository of plain QCOW2 chains in a folder. */
export interface LocalRepository extends Repository {
  readonly kind: 'local';
  /** Real path of the folder. */
  readonly path: string;
  /** What the user should know of this repository or its storage, as far as it has been noticed. */
  readonly findings: readonly Finding[];
  readonly maintenance: LocalMaintenance;
}

/**
 * Makes a repository in a new or empty folder and opens it. Rejects with `ALREADY_EXISTS` when there is one, or anything
 * else.
 */
export async function createLocalRepository(
  options: LocalRepositoryOptions,
  services: LocalRepositoryServices = {},
): Promise<LocalRepository> {
  const { path } = parseOptions(options);
  const { fileSystem = nodeFileSystem } = services;
  const { random, clock } = systemServices(services);
  const fields = { id: random.uuid(), createdAt: clock.now().toISOString() };
  const bytes = serializeRecord(repositoryRecord, fields, await loadBlake3());
  await createRepositoryFile(fileSystem, path, REPOSITORY_FILE, bytes);
  return openLocalRepository(options, services);
}

/**
 * Opens a repository and tidies up after processes that ended in the middle. Rejects with `NOT_FOUND` when the folder is
 * not a repository, `FORMAT_UNSUPPORTED` for a newer one. On storage that cannot be written to it opens for reading only.
 */
export async function openLocalRepository(
  options: LocalRepositoryOptions,
  services: LocalRepositoryServices = {},
): Promise<LocalRepository> {
  const parsed = parseOptions(options);
  const { fileSystem = nodeFileSystem } = services;
  const host = systemServices(services);
  const blake3 = await loadBlake3();
  const root = await fileSystem.realPath(parsed.path).catch(notARepository(parsed.path));
  const sessions = join(root, 'sessions');
  const { lockTimeoutMs } = parsed;
  const common = { ...host, root, fileSystem, blake3, lockTimeoutMs, driver: host.drivers[0] };
  const record = await new LocalStore({ ...common, session: undefined })
    .read(repositoryRecord, join(root, REPOSITORY_FILE))
    .catch(notARepository(parsed.path));
  const suffix = Buffer.from(host.random.bytes(6)).toString('hex');
  const session = await openSession(Session.open({ ...parsed, fileSystem, folder: sessions, suffix }));
  const store = new LocalStore({ ...common, session });
  try {
    if (session === undefined) store.report(readOnly(root));
    else {
      await store.syncFolder(root);
      await recoverSessions(store, sessions);
    }
    return handleOf(store, record);
  } catch (error) {
    await session?.[Symbol.asyncDispose]();
    throw error;
  }
}

function handleOf(store: LocalStore, { id }: RepositoryRecord): LocalRepository {
  let closed: Promise<void> | undefined;
  return {
    specificationVersion: 'v1',
    kind: 'local',
    id,
    path: store.root,
    capabilities,
    get findings() {
      return store.findings;
    },
    begin: (draft, fence, call) => beginPoint(store, draft, fence, call),
    points: (filter, call) => listPoints(store, filter, call),
    open: (point, options) => openPoint(store, point, options),
    verify: (scope, call) => verifyPoints(store, scope, call),
    usage: (call) => measureUsage(store, call),
    maintenance: openMaintenance(store),
    [Symbol.asyncDispose]() {
      closed ??= store.close();
      return closed;
    },
  };
}

/** Only tidying up needs to write before anything is asked: a repository that cannot be written to can still be read. */
async function openSession(opening: Promise<Session>): Promise<Session | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (SendenseError.is(error, 'READ_ONLY') || SendenseError.is(error, 'PERMISSION_DENIED'))
      return undefined;
    throw error;
  }
}

function notARepository(path: string): (error: unknown) => never {
  return (error) => {
    if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
    throw new SendenseError('NOT_FOUND', `${path} is not a Sendense repository`, {
      operation: 'open-repository',
      remedy: 'check the path, or make a repository there with "repository init"',
      context: { path },
      cause: error,
    });
  };
}

function readOnly(root: string): Finding {
  return {
    severity: 'warning',
    code: 'repository-read-only',
    message:
      'the repository cannot be written to: points can be read, but not kept from a prune by another process',
    object: root,
  };
}
