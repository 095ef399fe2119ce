import { join } from 'node:path';
import type { Finding, ReconcileReport } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { packageMembers } from './package-members.ts';
import type { PackagePlace } from './package-place.ts';

/** What is removed of an unfinished package: the names that a restore to the place gives its files. */
async function ownNames(fileSystem: FileSystem, path: string, base: string): Promise<readonly string[]> {
  const isOwn = (name: string) =>
    name.startsWith(base) && /^(?:\.ovf|\.mf|-disk[1-9]\d*\.vmdk)$/.test(name.slice(base.length));
  return (await fileSystem.list(path)).filter(isOwn);
}

async function removeNames(
  fileSystem: FileSystem,
  path: string,
  names: readonly string[],
): Promise<ReconcileReport> {
  for (const name of names) await fileSystem.unlink(join(path, name));
  const [left] = await fileSystem.list(path);
  if (left !== undefined) return { removed: [], findings: [foreignStays(path, left)] };
  await fileSystem.removeDirectory(path);
  return { removed: [path], findings: [] };
}

const NOTHING: ReconcileReport = { removed: [], findings: [] };

/** Removes the folder of an unfinished package. Nothing when it is gone; what a restore has not made stays, with a finding. */
export async function removePartial(
  fileSystem: FileSystem,
  path: string,
  { base }: PackagePlace,
): Promise<ReconcileReport> {
  if ((await fileSystem.stat(path)) === undefined) return NOTHING;
  return await removeNames(fileSystem, path, await ownNames(fileSystem, path, base));
}

/** Removes a package that was replaced. Nothing when it is gone; what is no part of it stays, with a finding. */
export async function removeReplaced(fileSystem: FileSystem, path: string): Promise<ReconcileReport> {
  if ((await fileSystem.stat(path)) === undefined) return NOTHING;
  return await removeNames(fileSystem, path, await packageMembers(fileSystem, path));
}

/**
 * Gives a package that was to be replaced its name again; an empty folder has not got it. Resolves with whether it has it now, or
 * there was none.
 */
export async function putBackPackage(
  fileSystem: FileSystem,
  replaced: string,
  path: string,
): Promise<boolean> {
  if ((await fileSystem.stat(replaced)) === undefined) return true;
  const there = await fileSystem.stat(path);
  if (there !== undefined) {
    if (there.kind !== 'directory' || (await fileSystem.list(path)).length > 0) return false;
    await fileSystem.removeDirectory(path);
  }
  await fileSystem.rename(replaced, path);
  return true;
}

/** Of a package that was set aside by a restore that is not finished. */
export function wasPutBack(path: string): Finding {
  const message = `the package that was to be replaced is ${path} again`;
  return { severity: 'info', code: 'replaced-package-back', message, object: path };
}

/** Of a package whose name something else has got. */
export function replacedStays(replaced: string, path: string): Finding {
  const message = `${replaced} was to be replaced by a restore that was not finished, and something else is at ${path}: both stay; give it a name`;
  return { severity: 'warning', code: 'replaced-package-stays', message, object: replaced };
}

function foreignStays(path: string, name: string): Finding {
  const message = `${path} holds ${name}, which belongs to no package: it stays`;
  return { severity: 'warning', code: 'foreign-file-stays', message, object: path };
}
