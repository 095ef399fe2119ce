import { join } from 'node:path';
import { type RepositoryId, SendenseError } from '@sendense/core';
import { type FileSystem, nodeFileSystem, readSmallFile, writeFileDurably } from '@sendense/plugin-kit/files';
import type { TrustedHead } from './trusted-head.ts';

/** A head of 400000 streams. */
const MAX_HEAD_BYTES = 64 * 1024 * 1024;

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
      await writeFileDurably(fileSystem, locate(repository), Buffer.from(head));
    },
  };
}
