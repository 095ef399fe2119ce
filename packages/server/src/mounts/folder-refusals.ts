import { type Finding, SendenseError } from '@sendense/core';
import type { MountedPoint } from '@sendense/file-mount';

/** The server has no folders for backups. */
export function mountsAreOff(): SendenseError {
  return new SendenseError('UNSUPPORTED', 'this server does not mount backups as folders', {
    operation: 'mount-backup',
    remedy:
      'use the mode "browse": files are listed and downloaded through this API; or enable "mounts" in the configuration of the server',
  });
}

/** Nobody said that drivers may read the disks. */
export function notTrusted(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'nobody said that the disks of this backup are trusted', {
    operation: 'mount-backup',
    remedy:
      'drivers of the system trust what they read: a disk that was made to attack one takes over the machine of the server. Say "trust_image": true for machines that are trusted with it; the mode "browse" reads files of any disk safely',
  });
}

/** There is no place for one more. */
export function tooManyFolders(whose: string): SendenseError {
  return new SendenseError('QUOTA_EXCEEDED', `${whose} mounted backups already`, {
    operation: 'mount-backup',
    remedy: 'end one with DELETE /api/v1/restore/{mount_id}, or use the mode "browse"',
  });
}

/** What is mounted now would outlive its server. */
export function stopping(): SendenseError {
  return new SendenseError('ABORTED', 'the server stops', {
    operation: 'mount-backup',
    remedy: 'mount the backup again once the server has started',
  });
}

/** A folder was taken away although somebody had something open in it, or it could not be unmounted otherwise, which `error` tells. */
export function takenByForce({ path }: MountedPoint, error: SendenseError): Finding {
  const code = error.code === 'LOCKED' ? 'mount-in-use' : 'mount-forced';
  const message = `taken away by force, what is open there gives errors from now on: ${error.message}`;
  return { severity: 'warning', code, message, object: path };
}
