import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { formatBytes } from '../output/human-size.ts';
import type { RepositoryOption } from '../program/shared-flags.ts';
import { openRepository } from '../session/open-repository.ts';
import type { Session } from '../session/session.ts';
import { type Check, failed, passed } from './check.ts';

/** Less free space than this fails the check. */
const LEAST_FREE_BYTES = 64 * 1024 * 1024;

function room(name: string, availableBytes: number | null): Check {
  if (availableBytes === null) return passed(name, 'not limited');
  const text = `${formatBytes(availableBytes)} free`;
  if (availableBytes >= LEAST_FREE_BYTES) return passed(name, text);
  return failed(name, text, 'free space there');
}

/** The state folder and its catalog, by opening it for writing and reading all of it. */
export async function checkState(session: Session): Promise<Check> {
  await (await session.catalog()).check();
  return passed('state-directory', session.stateDirectory);
}

/** Free space of the state folder. */
export async function checkSpace(session: Session): Promise<Check> {
  const { availableBytes } = await nodeFileSystem.space(session.stateDirectory);
  return room('free-space', availableBytes);
}

/** A repository, by opening it and asking for its sizes. */
export async function checkRepository(session: Session, options: RepositoryOption): Promise<Check> {
  const { repository, path } = await openRepository(session, options);
  const usage = await repository.usage(session.call);
  const space = room('repository', usage.availableBytes);
  return { ...space, detail: `${path}: ${usage.points} points, ${space.detail}` };
}
