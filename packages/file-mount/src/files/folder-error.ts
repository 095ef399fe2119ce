import type { SendenseError } from '@sendense/core';
import { type ErrorTable, mapByTable } from '@sendense/plugin-kit';

const RESTORE = 'restore the disk, and read it with the system that made it';
const LOST = 'has lost the disk: what serves the mount went away';
const AGAIN = 'open the point again';
const CHECK = 'check the file system of the machine, or browse an earlier point';

/** What errors of a driver mean that reads the file system of a backup. */
const ERRORS: ErrorTable = {
  EIO: ['CORRUPT', 'cannot read it: it is damaged', CHECK],
  EUCLEAN: ['CORRUPT', 'finds it damaged', CHECK],
  EBADMSG: ['CORRUPT', 'finds that its checksum is wrong', CHECK],
  ENOENT: ['CORRUPT', 'does not find what its folder names', CHECK],
  ELOOP: ['CONFIG_INVALID', 'finds a link there, which is not followed'],
  ENOTDIR: ['CONFIG_INVALID', 'finds no folder there'],
  EISDIR: ['CONFIG_INVALID', 'finds a folder there'],
  ENXIO: ['CONFIG_INVALID', 'finds no file there'],
  EACCES: ['FORMAT_UNSUPPORTED', 'does not give it away', RESTORE],
  EPERM: ['FORMAT_UNSUPPORTED', 'does not give it away', RESTORE],
  ENOKEY: ['FORMAT_UNSUPPORTED', 'has no key for it', RESTORE],
  EOPNOTSUPP: ['FORMAT_UNSUPPORTED', 'cannot read that', RESTORE],
  ENOTSUP: ['FORMAT_UNSUPPORTED', 'cannot read that', RESTORE],
  EINVAL: ['FORMAT_UNSUPPORTED', 'cannot read that', RESTORE],
  EOVERFLOW: ['FORMAT_UNSUPPORTED', 'finds it too large', RESTORE],
  ENOTCONN: ['CONNECTION_LOST', LOST, AGAIN],
  // of a driver in a program that ends while it is asked
  ECONNABORTED: ['CONNECTION_LOST', LOST, AGAIN],
  ESHUTDOWN: ['CONNECTION_LOST', LOST, AGAIN],
  EMFILE: ['QUOTA_EXCEEDED', 'cannot open it: too many open files', 'raise the open-file limit (ulimit -n)'],
  ENFILE: ['QUOTA_EXCEEDED', 'cannot open it: too many open files on this machine'],
};

/** The error of a file of a mount that the system refused by an errno. */
export function folderError(errno: string, message: string): SendenseError {
  const context = { errno, message };
  return mapByTable(undefined, ERRORS, {
    operation: 'read-folder',
    subject: 'the driver of this file system',
    vendorCode: errno,
    context,
  });
}
