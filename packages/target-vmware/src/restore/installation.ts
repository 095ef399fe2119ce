import { join } from 'node:path';
import { type PluginServices, SendenseError } from '@sendense/core';
import { nodeFileSystem, publishFile, readSmallFile } from '@sendense/plugin-kit/files';

/** Name of the file in the state folder; constant for ever. */
const ID_FILE = 'installation-id';

const MAX_BYTES = 256;

/** The id of the installation of a state folder, read or made when it is first asked for. */
export function lazyInstallation(
  stateFolder: string | undefined,
  random: PluginServices['random'],
): () => Promise<string | undefined> {
  let opening: Promise<string> | undefined;
  return async () => {
    if (stateFolder === undefined) return undefined;
    opening ??= installationOf(stateFolder, random).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return await opening;
  };
}

/** Of several processes that make one at once all get the same. Rejects with `FORMAT_INVALID` for a file that holds no id. */
async function installationOf(stateFolder: string, random: PluginServices['random']): Promise<string> {
  const path = join(stateFolder, ID_FILE);
  if ((await nodeFileSystem.stat(path)) === undefined) await make(stateFolder, path, random.uuid());
  const id = new TextDecoder().decode(await readSmallFile(nodeFileSystem, path, MAX_BYTES)).trim();
  if (/^[0-9a-f-]{36}$/.test(id)) return id;
  throw new SendenseError('FORMAT_INVALID', `${path} holds no id of an installation`, {
    operation: 'read-installation',
    context: { path },
    remedy:
      'restore it from a backup; or remove it: what restores of before have left is then removed by hand',
  });
}

async function make(stateFolder: string, path: string, id: string): Promise<void> {
  await nodeFileSystem.makeDirectory(stateFolder);
  const from = `${path}.${id}.tmp`;
  {
    await using file = await nodeFileSystem.open(from, 'create');
    await file.write(new TextEncoder().encode(`${id}\n`), 0);
    await file.sync();
  }
  try {
    await publishFile(nodeFileSystem, { from, to: path, overwrite: false, isPublished: false });
  } catch (error) {
    await nodeFileSystem.unlink(from);
    // another process was first: its id counts
    if (!SendenseError.is(error, 'ALREADY_EXISTS')) throw error;
  }
}
