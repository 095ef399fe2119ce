import type { Finding } from '@sendense/core';

/** Told of a file system that was in use when it was backed up, and has no journal that would tell what was under way. */
export const WAS_MOUNTED: Finding = {
  severity: 'warning',
  code: 'file-system-in-use',
  message:
    'the file system was mounted, or was not unmounted as it should be: files that changed last may be wrong',
};

/** Told of a file system in which the machine had met contradictions. */
export const HAS_ERRORS: Finding = {
  severity: 'warning',
  code: 'file-system-errors',
  message: 'the machine recorded errors of the file system: check it there, files may be missing or wrong',
};
