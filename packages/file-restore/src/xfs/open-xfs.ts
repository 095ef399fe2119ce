import { type Call, type Finding, SendenseError } from '@sendense/core';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { FileSystemReader } from '../file-system-reader.ts';
import { isLogClean } from './log-state.ts';
import { readXfsSuperblock, type XfsSuperblock } from './superblock.ts';
import { XfsReader } from './xfs-reader.ts';

/**
 * Opens an XFS file system of version 4 or 5. Its log is never replayed: where it was not empty, files are shown as they lie on the
 * disk, and that is told. Rejects with `CORRUPT` or `FORMAT_UNSUPPORTED`.
 */
export async function openXfs(source: ByteSource, call?: Call): Promise<FileSystemReader> {
  const superblock = await readXfsSuperblock(source, call);
  const findings = [
    ...(await logFindings(source, superblock, call)),
    ...(superblock.isSound ? [] : [SUPERBLOCK_DAMAGED]),
    ...(superblock.needsRepair ? [NEEDS_REPAIR] : []),
  ];
  return new XfsReader(source, superblock, findings);
}

async function logFindings(
  source: ByteSource,
  superblock: XfsSuperblock,
  call: Call | undefined,
): Promise<Finding[]> {
  if (superblock.log === undefined) return [unread('its log lies on another disk')];
  try {
    return (await isLogClean(source, superblock, call)) ? [] : [unread('its log was not empty')];
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return [unread('its log cannot be found')];
  }
}

function unread(why: string): Finding {
  return {
    severity: 'warning',
    code: 'journal-unread',
    message: `the XFS file system was in use, or may have been (${why}, and is not replayed): files that changed last may be wrong or missing`,
  };
}

const SUPERBLOCK_DAMAGED: Finding = {
  severity: 'warning',
  code: 'file-system-errors',
  message: 'the superblock of the XFS file system does not have its checksum: what it says may be wrong',
};

const NEEDS_REPAIR: Finding = {
  severity: 'warning',
  code: 'file-system-errors',
  message: 'the XFS file system asks to be repaired: files may be missing or wrong',
};
