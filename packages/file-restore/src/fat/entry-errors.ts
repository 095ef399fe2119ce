import { type Finding, SendenseError } from '@sendense/core';

/** The error of asking the file or folder whose entry begins at a byte of the volume for what it is not. */
export function wrongEntry(at: number, wanted: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `the entry at byte ${at} is no ${wanted}`, {
    operation: 'read-file-system',
  });
}

/** Told of the folder whose entry begins at a byte of the volume; `how` ends the sentence. */
export function damagedFolder(at: number, how: string): Finding {
  return {
    severity: 'error',
    code: 'directory-damaged',
    message: `the folder at byte ${at} ${how}`,
  };
}
