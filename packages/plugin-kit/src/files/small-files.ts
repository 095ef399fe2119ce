import { dirname } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { FileSystem } from './file-system.ts';

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
 * Replaces a file as a whole: after a crash at any moment `path` holds the old bytes or the new ones. Written to
 * `path.tmp` (a leftover of it is overwritten), synced, renamed, and the folder synced.
 */
export async function writeFileDurably(fs: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  if ((await fs.stat(temporary)) !== undefined) await fs.unlink(temporary);
  {
    await using file = await fs.open(temporary, 'create');
    await file.write(bytes, 0);
    await file.sync();
  }
  await fs.rename(temporary, path);
  await fs.syncDirectory(dirname(path));
}
