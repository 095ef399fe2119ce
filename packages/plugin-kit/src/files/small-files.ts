import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { FileSystem } from './file-system.ts';

/** What a process that died was writing is removed after so long. */
const ABANDONED_MS = 24 * 3600 * 1000;
/** How such a file is named behind the name that it was to get. */
const UNFINISHED = /^\.[0-9a-f-]{36}\.tmp$/;

/**
 * The whole of a file that is expected to be small. Rejects with `FORMAT_INVALID` when it is larger than `maxBytes`,
 * so that a foreign file cannot fill the memory.
 */
export async function readSmallFile(fs: FileSystem, path: string, maxBytes: number): Promise<Uint8Array> {
  await using file = await fs.open(path, 'read');
  const sizeBytes = await file.size();
  if (sizeBytes > maxBytes)
    throw new SendenseError('FORMAT_INVALID', `${path} has ${sizeBytes} bytes; the most is ${maxBytes}`, {
      operation: 'read-file',
      context: { path, sizeBytes, maxBytes },
    });
  const bytes = new Uint8Array(sizeBytes);
  return bytes.subarray(0, await file.read(bytes, 0));
}

/**
 * Replaces a file as a whole: after a crash at any moment `path` holds the old bytes or the new ones; of several processes that write
 * it at once the bytes of one. Written beside it under a name of its own, synced, renamed, and the folder synced. What processes that
 * died left of this path goes once it is a day old, by the clock of the file system.
 */
export async function writeFileDurably(fs: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeSynced(fs, temporary, bytes);
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.unlink(temporary).catch(() => undefined); // the failure itself is told
    throw error;
  }
  await fs.syncDirectory(dirname(path));
  await removeAbandoned(fs, path).catch(() => undefined); // the file is there, whatever else lies beside it
}

/** The paths of what {@link writeFileDurably} had not finished for `path` when its process died, or is writing. */
export async function unfinishedFilesOf(fs: FileSystem, path: string): Promise<readonly string[]> {
  const [folder, name] = [dirname(path), basename(path)];
  if ((await fs.stat(folder))?.kind !== 'directory') return [];
  const files = await fs.list(folder);
  return files
    .filter((file) => file.startsWith(name) && UNFINISHED.test(file.slice(name.length)))
    .map((file) => join(folder, file));
}

async function writeSynced(fs: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  await using file = await fs.open(path, 'create');
  await file.write(bytes, 0);
  await file.sync();
}

async function removeAbandoned(fs: FileSystem, path: string): Promise<void> {
  const nowMs = (await fs.stat(path))?.modifiedMs ?? 0;
  for (const file of await unfinishedFilesOf(fs, path)) {
    const status = await fs.stat(file);
    if (status === undefined || nowMs - status.modifiedMs < ABANDONED_MS) continue;
    await fs.unlink(file).catch((error: unknown) => {
      if (!SendenseError.is(error)) throw error; // another process was first
    });
  }
}
