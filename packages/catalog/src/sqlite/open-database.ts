import { chmod, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SendenseError } from '@sendense/core';
import { mapErrno, nodeFileSystem } from '@sendense/plugin-kit/files';
import { mapSqliteError } from '../map-error.ts';

/** Files that SQLite keeps beside a database in WAL mode. */
const COMPANIONS = ['', '-wal', '-shm'];

/** The pragmas of every connection: one writer beside readers, each commit durable before it returns. */
const PRAGMAS = 'pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;';

async function makePrivateFolder(path: string): Promise<void> {
  await nodeFileSystem.makeDirectory(path).catch((error: unknown) => {
    if (!SendenseError.is(error, 'ALREADY_EXISTS') && !SendenseError.is(error, 'NOT_FOUND')) throw error;
    throw new SendenseError('CONFIG_INVALID', `${path} cannot be a folder: there is a file in its way`, {
      operation: 'open-catalog',
      remedy: 'name another folder for the catalog',
      context: { path },
      cause: error,
    });
  });
}

async function makePrivateFile(path: string): Promise<void> {
  await makePrivateFolder(dirname(path));
  try {
    await using file = await open(path, 'a', 0o600);
    if (((await file.stat()).mode & 0o077) !== 0) await chmod(path, 0o600);
  } catch (error) {
    throw mapErrno(error, 'open-catalog', path);
  }
}

/**
 * Opens the file (made when missing; owner-only) or `:memory:`. Throws `CORRUPT` when it is no database,
 * `PERMISSION_DENIED` or `READ_ONLY` when it cannot be written.
 */
export async function openDatabase(path: string): Promise<DatabaseSync> {
  if (path !== ':memory:') await makePrivateFile(path);
  let database: DatabaseSync | undefined;
  try {
    // waiting for other writers is done without blocking the event loop, in CatalogStore
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec(PRAGMAS);
    return database;
  } catch (error) {
    database?.close();
    throw mapSqliteError(error, 'open-catalog', path);
  }
}

/** Renames a damaged catalog and its companions out of the way; gives the new name of the database. */
export async function setDatabaseAside(path: string, now: Date): Promise<string> {
  const aside = `${path}.damaged-${now.toISOString().replaceAll(/[:.]/g, '')}`;
  for (const suffix of COMPANIONS) {
    await rename(`${path}${suffix}`, `${aside}${suffix}`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw mapErrno(error, 'set-catalog-aside', path);
    });
  }
  return aside;
}
