import type { SendenseError } from '@sendense/core';
import { type ErrorTable, mapByTable } from '../errors/map-error.ts';

const CODES: ErrorTable = {
  ENOENT: ['NOT_FOUND', 'does not exist', 'check the path'],
  ENOTDIR: ['NOT_FOUND', 'is reached through something that is not a folder'],
  EEXIST: ['ALREADY_EXISTS', 'already exists'],
  ENOTEMPTY: ['ALREADY_EXISTS', 'is not empty'],
  EACCES: [
    'PERMISSION_DENIED',
    'may not be accessed',
    'run as the owner of the path, or give this user the right to it',
  ],
  EPERM: [
    'PERMISSION_DENIED',
    'may not be changed',
    'run as the owner of the path, or give this user the right to it',
  ],
  EROFS: ['READ_ONLY', 'is on a read-only file system', 'mount it writable, or choose another place'],
  ENOSPC: [
    'NO_SPACE',
    'is on storage that is full',
    'free space there, then repeat; nothing committed was lost',
  ],
  EDQUOT: ['QUOTA_EXCEEDED', 'is over its disk quota', 'raise the quota or free space, then repeat'],
  EFBIG: ['NO_SPACE', 'would grow beyond the largest file this file system holds'],
  EISDIR: ['CONFIG_INVALID', 'is a folder, not a file', 'name a file'],
  ELOOP: ['CONFIG_INVALID', 'goes through too many symbolic links'],
  ENAMETOOLONG: ['CONFIG_INVALID', 'is too long for this file system'],
  EBUSY: ['LOCKED', 'is in use'],
  EAGAIN: ['LOCKED', 'is in use'],
  ETXTBSY: ['LOCKED', 'is in use'],
  EMFILE: [
    'QUOTA_EXCEEDED',
    'cannot be opened: too many open files',
    'raise the open-file limit (ulimit -n)',
  ],
  ENFILE: ['QUOTA_EXCEEDED', 'cannot be opened: too many open files on this machine'],
  ESTALE: ['CONNECTION_LOST', 'is on a network mount whose server forgot it', 'check the mount, then repeat'],
  ETIMEDOUT: ['TIMEOUT', 'did not answer in time'],
  EIO: ['CORRUPT', 'cannot be read or written: the storage reports an I/O error', 'check the disk below'],
};

/** The SendenseError of a failed file operation; anything that is no errno error becomes `UNEXPECTED`. */
export function mapErrno(error: unknown, operation: string, path: string): SendenseError {
  const errno = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  return mapByTable(error, CODES, { operation, subject: path, vendorCode: errno, context: { path, errno } });
}
