import { dirname } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { FileSystem } from './file-system.ts';

/** A finished file and the name it gets. */
export type Publication = {
  readonly from: string;
  readonly to: string;
  /** Replace what has the name. */
  readonly overwrite: boolean;
  /** The file at `to` is this one: a repeated commit. */
  readonly isPublished: boolean;
};

/** Ways in which file systems say that they have no second names. */
const NO_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

function errnoOf(error: unknown): unknown {
  return SendenseError.is(error) ? error.context.errno : undefined;
}

async function removeIfThere(fileSystem: FileSystem, path: string): Promise<void> {
  await fileSystem.unlink(path).catch((error: unknown) => {
    if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
  });
}

/** Gives a new name only where there is none: a link refuses to replace. Without links the check comes just before. */
async function nameOnce(fileSystem: FileSystem, { from, to }: Publication): Promise<void> {
  try {
    await fileSystem.link(from, to);
  } catch (error) {
    if (!NO_LINKS.has(errnoOf(error))) throw error;
    if ((await fileSystem.stat(to)) !== undefined) {
      throw new SendenseError('ALREADY_EXISTS', `${to} already exists`, {
        operation: 'publish-file',
        cause: error,
      });
    }
    await fileSystem.rename(from, to);
  }
}

/**
 * Gives a finished, durable file its name, durably. Rejects with `ALREADY_EXISTS` when another file has the name and
 * may not be replaced. Harmless when repeated.
 */
export async function publishFile(fileSystem: FileSystem, publication: Publication): Promise<void> {
  const { from, to, overwrite, isPublished } = publication;
  if (!isPublished) {
    if (overwrite) await fileSystem.rename(from, to);
    else await nameOnce(fileSystem, publication);
  }
  await fileSystem.syncDirectory(dirname(to));
  await removeIfThere(fileSystem, from);
}
