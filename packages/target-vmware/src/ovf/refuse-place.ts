import { dirname } from 'node:path';
import { type PlanId, SendenseError } from '@sendense/core';
import { type FileSystem, isKept, repositoryAround } from '@sendense/plugin-kit/files';
import type { PackageContext } from './package-context.ts';
import { foreignNames } from './package-members.ts';
import { leftPackages, type PackagePlace } from './package-place.ts';

function refused(
  code: 'ALREADY_EXISTS' | 'CONFIG_INVALID' | 'LOCKED',
  message: string,
  remedy: string,
): SendenseError {
  return new SendenseError(code, message, { operation: 'check-destination', remedy });
}

/** Rejects when a package must not be written to this place at all, overwriting or not. */
export async function refusePlace(context: PackageContext, { kind, path }: PackagePlace): Promise<void> {
  const { fileSystem, options } = context;
  const there = (await fileSystem.stat(path))?.kind;
  if (there !== undefined && there !== (kind === 'archive' ? 'file' : 'directory'))
    throw refused('ALREADY_EXISTS', `${path} is there and is no ${kind}`, 'choose another name');
  // what lies behind it is not what was asked to be replaced, and may be what is protected
  if (there !== undefined && (await fileSystem.realPath(path)) !== path)
    throw refused(
      'ALREADY_EXISTS',
      `${path} is a symbolic link`,
      'name what it leads to, or choose another name',
    );
  if (await isKept(fileSystem, options.protect, path))
    throw refused('CONFIG_INVALID', `${path} is what is restored from`, 'choose another place');
  const repository = await repositoryAround(fileSystem, kind === 'folder' ? path : dirname(path));
  if (repository !== undefined)
    throw refused(
      'CONFIG_INVALID',
      `${path} lies inside the repository ${repository}`,
      'choose another place',
    );
  if (there === 'directory') await refuseForeign(fileSystem, path);
}

/** Rejects with `ALREADY_EXISTS` when a folder holds what is no part of a package. */
export async function refuseForeign(fileSystem: FileSystem, path: string): Promise<void> {
  const [foreign] = await foreignNames(fileSystem, path);
  if (foreign === undefined) return;
  const message = `${path} holds ${foreign}, which belongs to no package: the folder is not replaced`;
  throw refused('ALREADY_EXISTS', message, 'choose the name of a new folder');
}

/** Whether a package is there already; an empty folder is none. */
export async function isTaken(
  { fileSystem }: PackageContext,
  { kind, path }: PackagePlace,
): Promise<boolean> {
  if ((await fileSystem.stat(path)) === undefined) return false;
  return kind === 'archive' || (await fileSystem.list(path)).length > 0;
}

/** Rejects with `ALREADY_EXISTS` where a package is there that may not be replaced. */
export async function refuseTakenPlace(
  context: PackageContext,
  place: PackagePlace,
  overwrite: boolean,
): Promise<void> {
  if (overwrite || !(await isTaken(context, place))) return;
  const remedy = 'choose another name, or allow it to be overwritten';
  throw refused('ALREADY_EXISTS', `${place.path} already exists`, remedy);
}

/** Rejects with `LOCKED` when the unfinished package of another plan lies beside the place. */
export async function refuseOtherPlans(
  { fileSystem }: PackageContext,
  place: PackagePlace,
  plan: PlanId,
): Promise<void> {
  const other = (await leftPackages(fileSystem, place)).find((left) => left.plan !== plan);
  if (other === undefined) return;
  const message = `another restore (${other.plan}) writes to ${place.path}`;
  const remedy = `wait for it; if it has stopped, resume it or roll it back, or remove ${other.path}`;
  throw refused('LOCKED', message, remedy);
}
