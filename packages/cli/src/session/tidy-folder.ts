import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import type { StorePlace } from '@sendense/quickstart';

/** How the folders begin that a validation makes. */
const VALIDATION = 'sendense-validate-';

/**
 * Takes away, when disposed, the empty folders that a validation of a folder store leaves, and the folder itself where it was not
 * there before. Storage in a service has no folders.
 */
export async function folderAsItWas(place: StorePlace): Promise<AsyncDisposable> {
  if (place.kind !== 'dir') return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const { path } = place;
  const wasThere = (await nodeFileSystem.stat(path)) !== undefined;
  return {
    async [Symbol.asyncDispose]() {
      if (!wasThere) {
        await removeEmpty(path);
        return;
      }
      // Of others only what nobody can be using: a repository's own folders stay.
      for (const name of await nodeFileSystem.list(path))
        if (name.startsWith(VALIDATION)) await removeEmpty(join(path, name));
    },
  };
}

async function removeEmpty(folder: string): Promise<void> {
  if ((await nodeFileSystem.stat(folder))?.kind !== 'directory') return;
  for (const name of await nodeFileSystem.list(folder)) await removeEmpty(join(folder, name));
  await nodeFileSystem.removeDirectory(folder).catch((error: unknown) => {
    if (!SendenseError.is(error)) throw error; // it holds something: it is not ours to remove
  });
}
