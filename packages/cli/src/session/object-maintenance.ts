import { SendenseError } from '@sendense/core';
import type { ObjectMaintenance, ObjectRepository } from '@sendense/object-repository';
import type { RepositoryOption, RetainOption } from '../program/shared-flags.ts';
import { type OpenRepository, openRepository } from './open-repository.ts';
import type { Session } from './session.ts';

/** An open object repository, and what only such a one offers. */
export type OpenObjects = { readonly open: OpenRepository; readonly maintenance: ObjectMaintenance };

function isObjectRepository(repository: OpenRepository['repository']): repository is ObjectRepository {
  return repository.kind === 'object';
}

/** Opens an object repository. Throws `UNSUPPORTED`, with what it lacks, for one of another kind. */
export async function openObjects(
  session: Session,
  options: RepositoryOption & RetainOption,
  lack: string,
): Promise<OpenObjects> {
  const open = await openRepository(session, options);
  if (isObjectRepository(open.repository)) return { open, maintenance: open.repository.maintenance };
  throw new SendenseError('UNSUPPORTED', `${open.location} ${lack}`, {
    operation: 'open-repository',
    remedy: 'name a repository of objects: dir:PATH, s3://… or azure://…',
  });
}
