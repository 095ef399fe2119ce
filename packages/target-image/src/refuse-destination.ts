import { dirname, join, sep } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { TargetContext } from './context.ts';
import type { Destination } from './destination.ts';

/** The file that marks a repository's folder. */
const REPOSITORY_MARK = 'sendense-repository.json';

function refused(
  code: 'CONFIG_INVALID' | 'ALREADY_EXISTS' | 'UNSUPPORTED',
  message: string,
  remedy: string,
): SendenseError {
  return new SendenseError(code, message, { operation: 'check-destination', remedy });
}

/** A path, then its folder, up to the root. */
function* upwards(path: string): Generator<string> {
  for (let at = path; ; at = dirname(at)) {
    yield at;
    if (at === dirname(at)) return;
  }
}

async function isProtected({ fileSystem, options }: TargetContext, location: string): Promise<boolean> {
  const there = await fileSystem.stat(location);
  for (const path of options.protect) {
    const status = await fileSystem.stat(path);
    if (status === undefined) continue;
    const real = await fileSystem.realPath(path);
    if (status.identity === there?.identity || location.startsWith(real + sep)) return true;
  }
  return false;
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
  if (await isProtected(context, location)) {
    throw refused(
      'CONFIG_INVALID',
      `${location} is what is restored from or backed up`,
      'choose another place',
    );
  }
  for (const folder of upwards(destination.folder)) {
    if ((await fileSystem.stat(join(folder, REPOSITORY_MARK))) === undefined) continue;
    throw refused(
      'CONFIG_INVALID',
      `${location} lies inside the repository ${folder}`,
      'choose another place',
    );
  }
}
