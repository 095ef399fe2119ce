import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { isHolderAlive, parseOptions } from '@sendense/plugin-kit';
import { nodeFileSystem, readSmallFile, writeFileDurably } from '@sendense/plugin-kit/files';
import { z } from 'zod';

const RECORD = 'record.json';
const MOST_BYTES = 1024 * 1024;
/** A random name: the folder of a mount is never that of another one. */
const MOUNT_ID = /^[0-9a-f]{12}$/u;

const recordSchema = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(MOUNT_ID),
  point: z.string(),
  /** The process that serves the bytes, as `processHolder` names it. */
  keeper: z.string(),
  /** Whether that process is ended with the mount. */
  dedicated: z.boolean(),
  path: z.string(),
  /** Folders that were made for the mount, the outer one first. */
  made: z.array(z.string()),
  volumes: z.array(
    z.strictObject({
      id: z.string(),
      fileSystem: z.string(),
      driver: z.enum(['kernel', 'ntfs-3g', 'exfat-fuse']),
      /** The file that shows the bytes of the volume. */
      file: z.string(),
      /** The folder that shows its files. */
      target: z.string(),
    }),
  ),
});

/** What is known of a mount outside of its process, written before anything of it is made. */
export type MountRecord = z.output<typeof recordSchema>;

/** Where things of a mount lie, in the folder of its id. */
export function sessionPaths(directory: string, id: string) {
  const folder = join(directory, id);
  return {
    folder,
    record: join(folder, RECORD),
    socket: join(folder, 'nbd.sock'),
    pidFile: join(folder, 'daemon.pid'),
    volumes: join(folder, 'volumes'),
    files: join(folder, 'files'),
  };
}

/** The folder of a mount that has no record yet is taken. */
export async function writeRecord(directory: string, record: MountRecord): Promise<void> {
  const { folder, record: file } = sessionPaths(directory, record.id);
  await nodeFileSystem.makeDirectory(folder);
  await writeFileDurably(nodeFileSystem, file, Buffer.from(JSON.stringify(record)));
}

/** Mounts of all processes, by their ids. A folder without a record holds nothing. */
export async function readRecords(directory: string): Promise<readonly MountRecord[]> {
  if ((await nodeFileSystem.stat(directory))?.kind !== 'directory') return [];
  const records: MountRecord[] = [];
  for (const id of await nodeFileSystem.list(directory)) {
    const record = MOUNT_ID.test(id) ? await readRecord(directory, id) : undefined;
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** Whether the process that keeps the mount lives. */
export function isKept({ keeper }: MountRecord): boolean {
  return isHolderAlive(keeper) && !isZombie(keeper);
}

/** Whether it was killed, and its parent has not asked yet how it ended: it serves nothing any more. */
function isZombie(keeper: string): boolean {
  const [, host, pid] = /^(.*):(\d+):[^:]*$/u.exec(keeper) ?? [];
  if (host !== hostname()) return false;
  try {
    return /\) Z [^)]*$/u.test(readFileSync(`/proc/${pid ?? ''}/stat`, 'latin1'));
  } catch {
    return false; // it is gone, or the system does not tell
  }
}

async function readRecord(directory: string, id: string): Promise<MountRecord | undefined> {
  const { record: file } = sessionPaths(directory, id);
  try {
    const text = Buffer.from(await readSmallFile(nodeFileSystem, file, MOST_BYTES)).toString();
    return await parseOptions(recordSchema, JSON.parse(text), file);
  } catch (error) {
    if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new SendenseError('CORRUPT', `${file} is no record of a mount`, {
      operation: 'read-mounts',
      cause: error,
      remedy: `unmount what lies in ${directory}, and remove the folder ${id}`,
    });
  }
}
