import { type BrowseSession, createFileRestore } from '@sendense/file-restore';
import type { BackupIdOption, RepositoryOption } from '../program/shared-flags.ts';
import { findPoint, readPoints } from './find-points.ts';
import { openRepository } from './open-repository.ts';
import type { Session } from './session.ts';

/** Opens the point that the flags name, to look into its files; it is closed with the session. */
export async function openBrowseSession(
  session: Session,
  options: RepositoryOption & BackupIdOption,
): Promise<BrowseSession> {
  const { repository } = await openRepository(session, options, session.drivers());
  const { id } = findPoint(await readPoints(repository, session.call), options.backupId);
  const files = session.own(await createFileRestore());
  return files.open(repository, id, session.call);
}
