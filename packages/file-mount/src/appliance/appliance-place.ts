import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Closer, processHolder } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { checkSocket } from '../session/begin-session.ts';
import { withDirectoryLock } from '../session/directory-lock.ts';
import { type MountRecord, sessionPaths, writeRecord } from '../session/mount-record.ts';
import { reconcileBeforeMount } from '../session/reconcile-before-mount.ts';
import { openDirectory } from '../session/reconcile-mounts.ts';
import { letGo } from '../session/remove-rests.ts';

const ID_BYTES = 6;

/** Where the appliances of a session show files. */
export type AppliancePlace = {
  /** For an NBD server. */
  readonly socket: string;
  /** Holds an empty folder for each of the names. */
  readonly files: string;
  /** For temporary files. */
  readonly temporary: string;
};

/**
 * Makes a place for appliances, written down as mounts are before anything of it is made, while no mount begins: what a process that was
 * killed leaves of it is taken away as theirs is. It goes with `closer`. Rejects as the start of a mount does.
 */
export async function openAppliancePlace(
  closer: Closer,
  point: string,
  mounts: string,
  names: readonly string[],
): Promise<AppliancePlace> {
  const directory = await openDirectory(mounts);
  const id = randomBytes(ID_BYTES).toString('hex');
  const { files, socket, temporary } = sessionPaths(directory, id);
  checkSocket(socket);
  await reconcileBeforeMount(directory);
  const made = [files, ...names.map((name) => join(files, name))];
  const keeper = processHolder();
  const record: MountRecord = {
    version: 1,
    id,
    point,
    keeper,
    dedicated: false,
    path: files,
    made,
    volumes: [],
  };
  await withDirectoryLock(directory, async () => {
    await writeRecord(directory, record);
    closer.add({
      async [Symbol.asyncDispose]() {
        await letGo(directory, record);
      },
    });
    for (const path of [temporary, ...made]) await nodeFileSystem.makeDirectory(path);
  });
  return { socket, files, temporary };
}
