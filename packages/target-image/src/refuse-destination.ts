import { SendenseError } from '@sendense/core';
import { isKept, repositoryAround } from '@sendense/plugin-kit/files';
import type { TargetContext } from './context.ts';
import type { Destination } from './destination.ts';

function refused(
  code: 'CONFIG_INVALID' | 'ALREADY_EXISTS' | 'UNSUPPORTED',
  message: string,
  remedy: string,
): SendenseError {
  return new SendenseError(code, message, { operation: 'check-destination', remedy });
}

/**
 * Rejects when a restore must not write to `location` at all, overwriting or not: inside a repository, over what is
 * protected, over a folder, or over a device that was not allowed.
 */
export async function refuseDestination(
  context: TargetContext,
  destination: Destination,
  location: string,
): Promise<void> {
  const { fileSystem, options } = context;
  if (destination.kind === 'device' && !options.allowDevice) {
    throw refused(
      'UNSUPPORTED',
      `${location} is a block device`,
      'allow devices by name, or restore to a file',
    );
  }
  if (destination.kind === 'device' && destination.format !== 'raw') {
    throw refused(
      'CONFIG_INVALID',
      `a device holds a raw disk, not ${destination.format}`,
      'choose format raw',
    );
  }
  const kind = (await fileSystem.stat(location))?.kind;
  if (kind === 'directory' || kind === 'other') {
    throw refused('ALREADY_EXISTS', `${location} is there and is no file`, 'choose another name');
  }
  if (await isKept(fileSystem, options.protect, location)) {
    throw refused(
      'CONFIG_INVALID',
      `${location} is what is restored from or backed up`,
      'choose another place',
    );
  }
  const repository = await repositoryAround(fileSystem, destination.folder);
  if (repository !== undefined) {
    throw refused(
      'CONFIG_INVALID',
      `${location} lies inside the repository ${repository}`,
      'choose another place',
    );
  }
}
