import { SendenseError } from '@sendense/core';

/** The caller has no such mount. */
export function unknownMount(): SendenseError {
  return new SendenseError('NOT_FOUND', 'there is no such mount, or it ended', {
    operation: 'find-mount',
    remedy: 'open the backup again with POST /api/v1/restore/mount',
  });
}

/** The tenant has all the mounts that it may have. */
export function tooManyMounts(most: number): SendenseError {
  return new SendenseError('QUOTA_EXCEEDED', `the tenant has ${most} mounts already`, {
    operation: 'open-mount',
    remedy: 'end one with DELETE /api/v1/restore/{mount_id}',
  });
}

/** The tenant has all the downloads that it may have. */
export function tooManyDownloads(most: number): SendenseError {
  return new SendenseError('QUOTA_EXCEEDED', `the tenant has ${most} downloads under way already`, {
    operation: 'download-file',
    remedy: 'wait until one has ended',
  });
}
