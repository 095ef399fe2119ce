import { randomBytes } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import { SendenseError } from '@sendense/core';
import { processHolder } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import type { MountSettings } from '../options.ts';
import type { MountPlan } from '../volumes/plan-mounts.ts';
import { type MountRecord, sessionPaths, writeRecord } from './mount-record.ts';
import { removeRests } from './remove-rests.ts';

/** The longest path of a unix socket: Linux has room for 108 bytes, the last of them NUL. */
const MOST_SOCKET_BYTES = 107;
const ID_BYTES = 6;

/** Writes down a mount, then makes its folders. Rejects with `ALREADY_EXISTS` for a path that holds something. */
export async function beginSession(
  directory: string,
  point: string,
  settings: MountSettings,
  { volumes, inFolders }: MountPlan,
): Promise<MountRecord> {
  const id = randomBytes(ID_BYTES).toString('hex');
  const paths = sessionPaths(directory, id);
  checkSocket(paths.socket);
  const place =
    settings.path === undefined
      ? { path: paths.files, isThere: false }
      : await placeOf(resolve(settings.path));
  const targets = volumes.map(({ volume }) => (inFolders ? join(place.path, volume.id) : place.path));
  const record: MountRecord = {
    version: 1,
    id,
    point,
    keeper: processHolder(),
    dedicated: settings.dedicated,
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
  await writeRecord(directory, record);
  try {
    await makeFolders(record, paths.volumes);
  } catch (error) {
    await removeRests(directory, record);
    throw error;
  }
  return record;
}

async function makeFolders({ made, volumes }: MountRecord, folder: string): Promise<void> {
  for (const path of [folder, ...made]) await nodeFileSystem.makeDirectory(path);
  for (const { file } of volumes) await (await nodeFileSystem.open(file, 'create'))[Symbol.asyncDispose]();
}

/** The real path of an empty folder, or of one to make in a folder that is there. */
async function placeOf(path: string): Promise<{ readonly path: string; readonly isThere: boolean }> {
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

function checkSocket(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MOST_SOCKET_BYTES) return;
  throw new SendenseError(
    'CONFIG_INVALID',
    `${path} is too long for a socket: ${bytes} bytes, the most is ${MOST_SOCKET_BYTES}`,
    { operation: 'mount-point', context: { path }, remedy: 'name a state folder with a shorter path' },
  );
}
