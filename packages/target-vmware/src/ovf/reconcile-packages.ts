import { join } from 'node:path';
import { type Keep, type PlanId, type ReconcileReport, SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { PLAN } from '../restore/reconcile-leftovers.ts';
import type { PackageContext } from './package-context.ts';
import { findPackagePlace, type LeftPackage, leftPackages, type PackagePlace } from './package-place.ts';
import { putBackPackage, removePartial, removeReplaced, replacedStays } from './replaced-package.ts';

/** What one plan left. */
type Left = readonly LeftPackage[];

/** When a file, or a folder or anything in it, was last written. Who writes into a file of a folder does not change the folder. */
async function writtenMs(fileSystem: FileSystem, path: string): Promise<number> {
  const status = await fileSystem.stat(path);
  if (status === undefined) return 0;
  const names = status.kind === 'directory' ? await fileSystem.list(path) : [];
  const times = [status.modifiedMs];
  for (const name of names) times.push((await fileSystem.stat(join(path, name)))?.modifiedMs ?? 0);
  return Math.max(...times);
}

/** The old package gets its name back while the new one has not got it; with its name taken by something else, both stay. */
async function settle(
  { fileSystem }: PackageContext,
  place: PackagePlace,
  left: Left,
): Promise<ReconcileReport> {
  const partial = left.find(({ kind }) => kind === 'partial')?.path;
  const replaced = left.find(({ kind }) => kind === 'replaced')?.path;
  if (replaced !== undefined && !(await putBackPackage(fileSystem, replaced, place.path))) {
    if (partial === undefined) return await removeReplaced(fileSystem, replaced);
    // the new one gets its name by losing this one
    return { removed: [], findings: [replacedStays(replaced, place.path)] };
  }
  if (partial === undefined) return { removed: [], findings: [] };
  if (place.kind === 'folder') return await removePartial(fileSystem, partial, place);
  await fileSystem.unlink(partial);
  return { removed: [partial], findings: [] };
}

async function leftByPlan(
  { fileSystem, options }: PackageContext,
  { owner, restores }: Keep,
): Promise<{ readonly place: PackagePlace; readonly plans: ReadonlyMap<PlanId, Left> } | undefined> {
  const place = await findPackagePlace(fileSystem, options).catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
    throw error;
  });
  if (place === undefined) return undefined;
  const forgotten = (await leftPackages(fileSystem, place)).filter(
    ({ plan }) => PLAN.exec(plan)?.[1] === owner && !restores.includes(plan),
  );
  return { place, plans: Map.groupBy(forgotten, ({ plan }) => plan) };
}

/** Removes the unfinished packages of the owner's plans that `keep` does not name; one that was to be replaced gets its name back. */
export async function reconcilePackages(context: PackageContext, keep: Keep): Promise<ReconcileReport> {
  const { fileSystem, clock } = context;
  const found = await leftByPlan(context, keep);
  const reports: ReconcileReport[] = [];
  for (const left of found?.plans.values() ?? []) {
    if (found === undefined) break;
    const times = await Promise.all(left.map(({ path }) => writtenMs(fileSystem, path)));
    if (clock.now().getTime() - Math.max(...times) < keep.graceMs) continue;
    reports.push(await settle(context, found.place, left));
  }
  return {
    removed: reports.flatMap(({ removed }) => removed),
    findings: reports.flatMap(({ findings }) => findings),
  };
}
