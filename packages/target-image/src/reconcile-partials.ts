import { join } from 'node:path';
import { type Keep, type ReconcileReport, SendenseError } from '@sendense/core';
import type { TargetContext } from './context.ts';
import { findDestination, parsePartialName } from './destination.ts';

/** Removes the unfinished files of the owner's plans that `keep` does not name. */
export async function reconcilePartials(context: TargetContext, keep: Keep): Promise<ReconcileReport> {
  const { fileSystem, clock } = context;
  const destination = await findDestination(context).catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
    throw error;
  });
  if (destination === undefined || destination.kind === 'device' || destination.isFolderMissing) {
    return { removed: [], findings: [] };
  }
  const removed: string[] = [];
  for (const name of await fileSystem.list(destination.folder)) {
    const partial = parsePartialName(destination, name);
    if (
      partial === undefined ||
      !partial.plan.startsWith(`${keep.owner}-`) ||
      keep.restores.includes(partial.plan)
    )
      continue;
    const path = join(destination.folder, name);
    const status = await fileSystem.stat(path);
    if (status === undefined || clock.now().getTime() - status.modifiedMs < keep.graceMs) continue;
    await fileSystem.unlink(path);
    removed.push(path);
  }
  return { removed, findings: [] };
}
