import { type Call, SendenseError } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import type { DirectoryEntry, DirectoryPage, NodeId } from '../file-system-reader.ts';
import type { DirectoryCursor } from './directory-cursor.ts';

/**
 * At most `limit` entries from where the cursor is; damaged blocks are told. Where the map of the folder is damaged the page ends, and
 * the next one rejects with `CORRUPT`.
 */
export async function listPage(
  cursor: DirectoryCursor,
  directory: NodeId,
  limit: number,
  call?: Call,
): Promise<DirectoryPage> {
  const entries: DirectoryEntry[] = [];
  try {
    for (let entry = await cursor.next(call); entry !== undefined; entry = await cursor.next(call)) {
      entries.push(entry);
      if (entries.length >= limit) break;
    }
  } catch (error) {
    if (entries.length === 0 || !SendenseError.is(error, 'CORRUPT')) throw error;
  }
  const message = `${cursor.damagedBlocks} blocks of the folder with inode ${directory} are damaged: what they held is not listed`;
  return {
    entries,
    next: cursor.isAtEnd ? undefined : cursor.position,
    findings: cursor.damagedBlocks === 0 ? [] : [{ severity: 'error', code: 'directory-damaged', message }],
  };
}

/** The entry with a name. Rejects with `CORRUPT` where there is none, and a block that may have held it is damaged. */
export async function findEntry(
  cursor: DirectoryCursor,
  directory: NodeId,
  name: string,
  call?: Call,
): Promise<DirectoryEntry | undefined> {
  for (let entry = await cursor.next(call); entry !== undefined; entry = await cursor.next(call))
    if (entry.name === name) return entry;
  if (cursor.damagedBlocks === 0) return undefined;
  throw damaged(
    `the folder with inode ${directory} is damaged: ${JSON.stringify(name)} may have been in it`,
    { inode: directory },
  );
}
