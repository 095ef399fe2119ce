import { dirname, join, sep } from 'node:path';
import { type PlanId, SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import type { PackageContext } from './package-context.ts';
import { foreignNames } from './package-members.ts';
import { leftPackages, type PackagePlace } from './package-place.ts';

/** The file that marks a repository's folder. */
const REPOSITORY_MARK = 'sendense-repository.json';

function refused(
  code: 'ALREADY_EXISTS' | 'CONFIG_INVALID' | 'LOCKED',
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

async function isProtected({ fileSystem, options }: PackageContext, path: string): Promise<boolean> {
  const there = await fileSystem.stat(path);
  for (const kept of options.protect) {
    const status = await fileSystem.stat(kept);
    if (status === undefined) continue;
    const real = await fileSystem.realPath(kept);
    if (status.identity === there?.identity || path.startsWith(real + sep)) return true;
  }
  return false;
}

/** Rejects when a package must not be written to this place at all, overwriting or not. */
export async function refusePlace(context: PackageContext, { kind, path }: PackagePlace): Promise<void> {
  const { fileSystem } = context;
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
  if (await isProtected(context, path))
    throw refused('CONFIG_INVALID', `${path} is what is restored from`, 'choose another place');
  for (const folder of upwards(kind === 'folder' ? path : dirname(path))) {
    if ((await fileSystem.stat(join(folder, REPOSITORY_MARK))) === undefined) continue;
    throw refused('CONFIG_INVALID', `${path} lies inside the repository ${folder}`, 'choose another place');
  }
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
