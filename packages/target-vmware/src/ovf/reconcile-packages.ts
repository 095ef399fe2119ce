import { type Keep, type ReconcileReport, SendenseError } from '@sendense/core';
import type { PackageContext } from './package-context.ts';
import { findPackagePlace, type LeftPackage, leftPackages, type PackagePlace } from './package-place.ts';
import { putBackPackage, removePackageFolder } from './replaced-package.ts';

async function removeLeft(
  { fileSystem }: PackageContext,
  place: PackagePlace,
  { kind, path }: LeftPackage,
): Promise<readonly string[]> {
  if (kind === 'replaced') await putBackPackage(fileSystem, path, place.path);
  if (place.kind === 'folder') return await removePackageFolder(fileSystem, path);
  await fileSystem.unlink(path);
  return [path];
}

/** Removes the unfinished packages of the owner's plans that `keep` does not name; one that was to be replaced gets its name back. */
export async function reconcilePackages(context: PackageContext, keep: Keep): Promise<ReconcileReport> {
  const { fileSystem, clock, options } = context;
  const place = await findPackagePlace(fileSystem, options).catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
    throw error;
  });
  const removed: string[] = [];
  for (const left of place === undefined ? [] : await leftPackages(fileSystem, place)) {
    if (place === undefined || !left.plan.startsWith(`${keep.owner}-`) || keep.restores.includes(left.plan))
      continue;
    const status = await fileSystem.stat(left.path);
    if (status === undefined || clock.now().getTime() - status.modifiedMs < keep.graceMs) continue;
    removed.push(...(await removeLeft(context, place, left)));
  }
  return { removed, findings: [] };
}
