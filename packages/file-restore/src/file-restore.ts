import {
  type Call,
  type PointId,
  type Random,
  type Repository,
  SendenseError,
  systemRandom,
} from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileRestoreOptions, fileRestoreOptions } from './options.ts';
import { BrowseSession } from './session/browse-session.ts';
import type { OpenFiles } from './session/open-files.ts';

/** Points that are being browsed: any number of repositories, several sessions at once. */
export interface FileRestore extends AsyncDisposable {
  /** Sessions that are open, oldest first. */
  readonly sessions: readonly BrowseSession[];
  /**
   * Opens a point to browse it. Nothing is restored or mounted: tables of partitions and file systems are read where they
   * lie. Rejects as `Repository.open` does, and with `QUOTA_EXCEEDED` when too many sessions are open.
   */
  open(repository: Repository, point: PointId, call?: Call): Promise<BrowseSession>;
  /** The session with this id. Throws `NOT_FOUND`: it never was, or was closed. */
  session(id: string): BrowseSession;
}

/** What sessions are made with. */
export type FileRestoreServices = {
  readonly random?: Pick<Random, 'uuid'>;
  /** How the files of a point are opened. Default: all in this process. */
  readonly openFiles?: OpenFiles;
};

/** Makes the place that sessions live in; dispose closes them all. Rejects with `CONFIG_INVALID` for wrong options. */
export async function createFileRestore(
  options: FileRestoreOptions = {},
  { random = systemRandom, openFiles }: FileRestoreServices = {},
): Promise<FileRestore> {
  const { idleMs, maxSessions } = await parseOptions(fileRestoreOptions, options, 'file-restore');
  const sessions = new Map<string, BrowseSession>();
  let opening = 0;
  let isOpen = true;
  return {
    get sessions() {
      return [...sessions.values()];
    },
    async open(repository, point, call) {
      if (!isOpen) throw closed();
      if (sessions.size + opening >= maxSessions) throw tooMany(maxSessions);
      opening += 1;
      try {
        const id = random.uuid();
        const reader = await repository.open(point, call);
        const onClose = () => void sessions.delete(id);
        const session = await BrowseSession.open(id, reader, idleMs, onClose, call, openFiles);
        if (!isOpen) {
          await session[Symbol.asyncDispose]();
          throw closed();
        }
        sessions.set(id, session);
        return session;
      } finally {
        opening -= 1;
      }
    },
    session(id) {
      const session = sessions.get(id);
      if (session !== undefined) return session;
      throw new SendenseError('NOT_FOUND', 'there is no such session, or it was closed', {
        operation: 'find-session',
      });
    },
    async [Symbol.asyncDispose]() {
      isOpen = false;
      await Promise.all([...sessions.values()].map((session) => session[Symbol.asyncDispose]()));
    },
  };
}

function closed(): SendenseError {
  return new SendenseError('NOT_OPEN', 'browsing was closed', { operation: 'open-session' });
}

function tooMany(maxSessions: number): SendenseError {
  return new SendenseError('QUOTA_EXCEEDED', `${maxSessions} recovery points are being browsed already`, {
    operation: 'open-session',
    remedy: 'close a session, or raise maxSessions',
  });
}
