import { filesByWays } from '@sendense/file-mount';
import { type BrowseSession, createFileRestore } from '@sendense/file-restore';
import type { BackupIdOption, RepositoryOption } from '../program/shared-flags.ts';
import type { WayOptions } from '../program/way-flags.ts';
import { findPoint, readPoints } from './find-points.ts';
import { mountsDirectory } from './mount-place.ts';
import { openRepository } from './open-repository.ts';
import type { Session } from './session.ts';

/** Opens the point that the flags name, to look into its files by the ways that they allow; it is closed with the session. */
export async function openBrowseSession(
  session: Session,
  options: RepositoryOption & BackupIdOption & WayOptions,
): Promise<BrowseSession> {
  const { repository } = await openRepository(session, options, session.drivers());
  const { id } = findPoint(await readPoints(repository, session.call), options.backupId);
  const files = session.own(await createFileRestore({}, servicesFor(session, options)));
  return files.open(repository, id, session.call);
}

function servicesFor(session: Session, { trustImage, way }: WayOptions) {
  if (trustImage !== true && way === undefined) return {};
  const directory = mountsDirectory(session);
  const ways = way === undefined ? {} : { ways: [...way] };
  return { openFiles: filesByWays({ directory, trustImage: trustImage === true, ...ways }) };
}
