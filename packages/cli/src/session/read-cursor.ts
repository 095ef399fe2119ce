import { resolve } from 'node:path';
import { nodeFileSystem, readSmallFile } from '@sendense/plugin-kit';

/** As long as the longest cursor that a repository reads. */
const MAX_CURSOR_BYTES = 1 << 24;

/**
 * The cursor of `--resume`: `@FILE` names a file that holds it, because an argument of a process is at most 128 KiB on Linux.
 * Rejects as the file system does, and with `FORMAT_INVALID` for a file that is too large.
 */
export async function readCursor(text: string, workingDirectory: string): Promise<string> {
  if (!text.startsWith('@')) return text;
  const file = resolve(workingDirectory, text.slice(1));
  return Buffer.from(await readSmallFile(nodeFileSystem, file, MAX_CURSOR_BYTES)).toString('latin1');
}
