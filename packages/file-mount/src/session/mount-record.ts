import { join } from 'node:path';
import { type Finding, SendenseError } from '@sendense/core';
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
  /** The process that serves the bytes, as `processHolder` names it, or `NOBODY`. */
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

/** The keeper of a mount whose process has given it up: it names no process, so it is dead. */
export const NOBODY = 'nobody';

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
    temporary: join(folder, 'tmp'),
  };
}

/** The folder of a mount that has no record yet is taken. */
export async function writeRecord(directory: string, record: MountRecord): Promise<void> {
  const { folder, record: file } = sessionPaths(directory, record.id);
  await nodeFileSystem.makeDirectory(folder);
  await writeFileDurably(nodeFileSystem, file, Buffer.from(JSON.stringify(record)));
}

/** Mounts of all processes, by their ids. A folder without a record holds nothing. Each record that cannot be read is told. */
export async function readRecords(
  directory: string,
): Promise<{ readonly records: readonly MountRecord[]; readonly findings: readonly Finding[] }> {
  const records: MountRecord[] = [];
  const findings: Finding[] = [];
  for (const id of await sessionIds(directory)) {
    try {
      const record = await readRecord(directory, id);
      if (record !== undefined) records.push(record);
    } catch (error) {
      if (!SendenseError.is(error)) throw error;
      findings.push(unreadableRecord(id, error));
    }
  }
  return { records, findings };
}

/** The ids of all mounts, whether they have a record or not. */
export async function sessionIds(directory: string): Promise<readonly string[]> {
  if ((await nodeFileSystem.stat(directory))?.kind !== 'directory') return [];
  return (await nodeFileSystem.list(directory)).filter((name) => MOUNT_ID.test(name));
}

/** What is told of a record that cannot be read. */
export function unreadableRecord(id: string, { message, remedy }: SendenseError): Finding {
  const todo = remedy === undefined ? '' : `: ${remedy}`;
  return {
    severity: 'warning',
    code: 'mount-unreadable',
    message: `what the mount ${id} is made of cannot be read: ${message}${todo}`,
    object: id,
  };
}

/** Whether the process that keeps the mount lives. */
export function isKept({ keeper }: MountRecord): boolean {
  return isHolderAlive(keeper);
}

/** That of one mount, as it is now; `undefined`: there is none any more. Rejects with `CORRUPT` where it cannot be read. */
export async function readRecord(directory: string, id: string): Promise<MountRecord | undefined> {
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
