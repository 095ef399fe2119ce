import {
  type Finding,
  type MachineKey,
  type Repository,
  type RepositoryMaintenance,
  SendenseError,
} from '@sendense/core';
import { asSendenseError } from '../output/error-report.ts';
import type { OpenRepository } from './open-repository.ts';
import type { Session } from './session.ts';

/** The maintenance of a repository. Throws `UNSUPPORTED` when it offers none. */
export function maintenanceOf(repository: Repository): RepositoryMaintenance {
  if (repository.maintenance !== undefined) return repository.maintenance;
  throw new SendenseError('UNSUPPORTED', `a ${repository.kind} repository cannot be maintained from here`, {
    operation: 'open-maintenance',
    remedy: 'open it with credentials that have delete rights',
  });
}

async function writeChange(session: Session, open: OpenRepository, machine?: MachineKey): Promise<void> {
  const catalog = await session.catalog();
  const { repository, protect, location } = open;
  const [path] = protect;
  await catalog.repositories.register(repository, { location, config: path === undefined ? {} : { path } });
  if (machine !== undefined) await catalog.points.sync(repository, machine);
  await catalog.repositories.recordUsage(repository.id, await repository.usage());
}

/**
 * Notes a repository and the points of `machine` in the catalog after a change. The change is done: a catalog that
 * cannot take it is a finding, not a failure.
 */
export async function noteChange(
  session: Session,
  open: OpenRepository,
  machine?: MachineKey,
): Promise<Finding[]> {
  try {
    await writeChange(session, open, machine);
    return [];
  } catch (error) {
    const message = `the catalog does not show the change yet: ${asSendenseError(error, 'sync-catalog').message}`;
    session.log({ level: 'warn', message, fields: { remedy: 'repository rebuild-catalog' } });
    return [{ severity: 'warning', code: 'catalog-behind', message }];
  }
}
