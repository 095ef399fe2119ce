import { basename, dirname, join, resolve } from 'node:path';
import { type PlanId, planId, SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { PLAN } from '../restore/reconcile-leftovers.ts';
import type { CheckedOvaOptions } from './options.ts';

/** Where a package comes to lie. */
export type PackagePlace = {
  readonly kind: 'archive' | 'folder';
  /** Absolute, its folder without symbolic links: the `.ova`, or the folder of the package. */
  readonly path: string;
  /** What the names of its files begin with. */
  readonly base: string;
};

/** Names of 100 bytes at most go into a tar header; disks add some. */
const BASE_LENGTH = 80;

/** Looks where the target's path leads. Rejects with `NOT_FOUND` when the folder it lies in is missing. */
export async function findPackagePlace(
  fileSystem: FileSystem,
  { path: given }: Pick<CheckedOvaOptions, 'path'>,
): Promise<PackagePlace> {
  const absolute = resolve(given);
  const folder = dirname(absolute);
  if ((await fileSystem.stat(folder))?.kind !== 'directory') {
    throw new SendenseError('NOT_FOUND', `there is no folder ${folder}`, {
      operation: 'find-destination',
      remedy: 'make the folder',
    });
  }
  const path = join(await fileSystem.realPath(folder), basename(absolute));
  const kind = given.endsWith('/') ? 'folder' : 'archive';
  const name = kind === 'archive' ? basename(path).slice(0, -'.ova'.length) : basename(path);
  const base = name.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, BASE_LENGTH);
  return { kind, path, base: base === '' ? 'machine' : base };
}

/** Name of the VMDK of a disk in the package. */
export function diskFileName({ base }: PackagePlace, number: number): string {
  return `${base}-disk${number + 1}.vmdk`;
}

/** The unfinished package of a restore: beside its place, named by the plan. */
export function partialPackage({ path }: PackagePlace, plan: PlanId): string {
  return `${path}.partial-${plan}`;
}

/** The package that a restore replaced, until the new one has its name. */
export function replacedPackage({ path }: PackagePlace, plan: PlanId): string {
  return `${path}.replaced-${plan}`;
}

const LEFT = /^(.+)\.(partial|replaced)-(.+)$/;

/** What lies beside a package. */
export type LeftPackage = {
  readonly path: string;
  readonly kind: 'partial' | 'replaced';
  readonly plan: PlanId;
};

/** What restores to this place left, or are writing. */
export async function leftPackages(
  fileSystem: FileSystem,
  { kind: place, path }: PackagePlace,
): Promise<readonly LeftPackage[]> {
  const folder = dirname(path);
  return (await fileSystem.list(folder)).flatMap((name) => {
    const [, file, kind, plan] = LEFT.exec(name) ?? [];
    if (file !== basename(path) || kind === undefined || plan === undefined || !PLAN.test(plan)) return [];
    // an archive takes the name of the old one in one step
    if (kind === 'replaced' && place === 'archive') return [];
    const left = { path: join(folder, name), plan: planId(plan) };
    return [{ ...left, kind: kind === 'partial' ? 'partial' : 'replaced' }];
  });
}
