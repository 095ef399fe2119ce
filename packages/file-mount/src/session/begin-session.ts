import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { SendenseError } from '@sendense/core';
import { processHolder } from '@sendense/plugin-kit';
import { mapErrno, nodeFileSystem } from '@sendense/plugin-kit/files';
import type { MountSettings } from '../options.ts';
import type { MountPlan } from '../volumes/plan-mounts.ts';
import { withDirectoryLock } from './directory-lock.ts';
import { type MountRecord, readRecords, sessionPaths, writeRecord } from './mount-record.ts';
import { removeRests } from './remove-rests.ts';

/** The longest path of a unix socket: Linux has room for 108 bytes, the last of them NUL. */
const MOST_SOCKET_BYTES = 107;
const ID_BYTES = 6;

/**
 * Writes down a mount, then makes its folders, while no other one of `directory` does. Rejects with `ALREADY_EXISTS` for a path that holds
 * something or that another mount has, `LOCKED` where another one does not come to an end with this.
 */
export async function beginSession(
  directory: string,
  point: string,
  settings: MountSettings,
  plan: MountPlan,
): Promise<MountRecord> {
  const id = randomBytes(ID_BYTES).toString('hex');
  checkSocket(sessionPaths(directory, id).socket);
  return withDirectoryLock(directory, async () => {
    const place = await placeOf(directory, id, settings.path);
    const record = recordOf(directory, id, plan, { point, dedicated: settings.dedicated, place });
    await writeRecord(directory, record);
    await makeFolders(directory, record);
    return record;
  });
}

type Place = { readonly path: string; readonly isThere: boolean };

type Begun = { readonly point: string; readonly dedicated: boolean; readonly place: Place };

function recordOf(
  directory: string,
  id: string,
  { volumes, inFolders }: MountPlan,
  { point, dedicated, place }: Begun,
): MountRecord {
  const paths = sessionPaths(directory, id);
  const targets = volumes.map(({ volume }) => (inFolders ? join(place.path, volume.id) : place.path));
  return {
    version: 1,
    id,
    point,
    keeper: processHolder(),
    dedicated,
    path: place.path,
    made: [...(place.isThere ? [] : [place.path]), ...(inFolders ? targets : [])],
    volumes: volumes.map(({ volume, way }, index) => ({
      id: volume.id,
      fileSystem: volume.fileSystem ?? '',
      driver: way.way.driver,
      file: join(paths.volumes, `v${index}`),
      target: targets[index] ?? place.path,
    })),
  };
}

/** Folders that somebody else made meanwhile are neither taken nor removed. */
async function makeFolders(directory: string, record: MountRecord): Promise<void> {
  const made: string[] = [];
  try {
    await nodeFileSystem.makeDirectory(sessionPaths(directory, record.id).volumes);
    for (const path of record.made) {
      await makeNewFolder(path);
      made.push(path);
    }
    for (const { file } of record.volumes)
      await (await nodeFileSystem.open(file, 'create'))[Symbol.asyncDispose]();
  } catch (error) {
    await removeRests(directory, { ...record, made });
    throw error;
  }
}

async function makeNewFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    throw mapErrno(error, 'mount-point', path);
  }
}

/** Where the files are to be shown. */
async function placeOf(directory: string, id: string, wanted: string | undefined): Promise<Place> {
  if (wanted === undefined) return { path: sessionPaths(directory, id).files, isThere: false };
  const place = await freePlace(resolve(wanted));
  const { records } = await readRecords(directory);
  const other = records.find(({ path }) => path === place.path || place.path.startsWith(`${path}${sep}`));
  if (other === undefined) return place;
  throw new SendenseError('ALREADY_EXISTS', `${other.path} is the folder of the mount ${other.id}`, {
    operation: 'mount-point',
    remedy: 'name another folder, or end that mount',
    context: { path: place.path, mount: other.id },
  });
}

/** The real path of an empty folder, or of one to make in a folder that is there. */
async function freePlace(path: string): Promise<Place> {
  const found = await nodeFileSystem.stat(path);
  if (found === undefined)
    return { path: join(await nodeFileSystem.realPath(dirname(path)), basename(path)), isThere: false };
  if (found.kind !== 'directory' || (await nodeFileSystem.list(path)).length > 0)
    throw new SendenseError('ALREADY_EXISTS', `${path} is no empty folder`, {
      operation: 'mount-point',
      remedy: 'name an empty folder, or one that is not there yet',
    });
  return { path: await nodeFileSystem.realPath(path), isThere: true };
}

/** Throws `CONFIG_INVALID` for a path that no socket can have. */
export function checkSocket(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MOST_SOCKET_BYTES) return;
  throw new SendenseError(
    'CONFIG_INVALID',
    `${path} is too long for a socket: ${bytes} bytes, the most is ${MOST_SOCKET_BYTES}`,
    { operation: 'mount-point', context: { path }, remedy: 'name a state folder with a shorter path' },
  );
}
