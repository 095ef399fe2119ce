import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type RepositoryId, SendenseError } from '@sendense/core';
import { type FileSystem, nodeFileSystem, publishFile, readSmallFile } from '@sendense/plugin-kit/files';
import type { TrustedHead } from './trusted-head.ts';

/** A head of 400000 streams. */
const MAX_HEAD_BYTES = 64 * 1024 * 1024;
/** What a process that died was writing is removed after so long. */
const ABANDONED_MS = 24 * 3600 * 1000;

/** Options of {@link createTrustedHeadFolder}. */
export type TrustedHeadFolderOptions = {
  /** A folder of this client alone, not in the store; made when it is not there. */
  readonly path: string;
};

/**
 * Keeps heads in files that only their owner can read (mode 0600), one for each repository, replaced as a whole and durably. Several
 * processes may share the folder.
 */
export function createTrustedHeadFolder(
  { path }: TrustedHeadFolderOptions,
  fileSystem: FileSystem = nodeFileSystem,
): TrustedHead {
  const locate = (repository: RepositoryId): string => join(path, `${repository}.json`);
  return {
    locate,
    async load(repository) {
      try {
        const bytes = await readSmallFile(fileSystem, locate(repository), MAX_HEAD_BYTES);
        return new TextDecoder().decode(bytes);
      } catch (error) {
        if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
        throw error;
      }
    },
    async save(repository, head) {
      await fileSystem.makeDirectory(path);
      // a name of its own: another process may be saving, too
      const from = join(path, `${repository}.${randomUUID()}.tmp`);
      try {
        await writeDurably(fileSystem, from, Buffer.from(head));
        await publishFile(fileSystem, { from, to: locate(repository), overwrite: true, isPublished: false });
      } catch (error) {
        await fileSystem.unlink(from).catch(() => undefined); // the failure itself is told
        throw error;
      }
      await removeAbandoned(fileSystem, path, locate(repository));
    },
  };
}

async function writeDurably(fileSystem: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  await using file = await fileSystem.open(path, 'create');
  await file.write(bytes, 0);
  await file.sync();
}

async function removeAbandoned(fileSystem: FileSystem, folder: string, saved: string): Promise<void> {
  const nowMs = (await fileSystem.stat(saved))?.modifiedMs ?? 0;
  for (const name of await fileSystem.list(folder)) {
    if (!name.endsWith('.tmp')) continue;
    const status = await fileSystem.stat(join(folder, name));
    if (status === undefined || nowMs - status.modifiedMs < ABANDONED_MS) continue;
    await fileSystem.unlink(join(folder, name)).catch((error: unknown) => {
      if (!SendenseError.is(error)) throw error; // another process was first
    });
  }
}
